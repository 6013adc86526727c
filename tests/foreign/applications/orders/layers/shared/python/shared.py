import os

import boto3


def put(table, item):
    boto3.resource("dynamodb").Table(os.environ[table]).put_item(Item=item)
