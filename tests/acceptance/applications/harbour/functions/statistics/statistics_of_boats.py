"""How many boats are in the harbour."""

import os
from functools import cache

import boto3
from words import counted


@cache
def boats():
    return boto3.resource("dynamodb").Table(os.environ["BOATS_TABLE"])


def handler(event, context):
    return {"says": summary(boats().scan(Select="COUNT")["Count"])}


def summary(number):
    return f"There {'is' if number == 1 else 'are'} {counted(number, 'boat')} in the harbour."
