"""Names of resources in full, so that one of a table is known as such however it is written.

SAM's policy templates put ARNs together of a resource's name, people ask for its attribute `Arn`: both are the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_ARN = re.compile(r"\$\{(\w+)\.Arn\}")
_HERE = "${AWS::Region}:${AWS::AccountId}"
_OF = {
    "AWS::DynamoDB::Table": f"dynamodb:{_HERE}:table/${{NAME}}",
    "AWS::Kinesis::Stream": f"kinesis:{_HERE}:stream/${{NAME}}",
    "AWS::Lambda::Function": f"lambda:{_HERE}:function:${{NAME}}",
    "AWS::S3::Bucket": "s3:::${NAME}",
    "AWS::SQS::Queue": f"sqs:{_HERE}:${{NAME.QueueName}}",
}


def in_full(text: str, types: Mapping[str, str]) -> str:
    """A text with attributes `Arn` as what they read, where that is known.

    Args:
        types: of the template's resources, by logical id.
    """

    def read(found: re.Match[str]) -> str:
        form = _OF.get(types.get(found[1], ""))
        return f"arn:${{AWS::Partition}}:{form.replace('NAME', found[1])}" if form else found[0]

    return _ARN.sub(read, text)
