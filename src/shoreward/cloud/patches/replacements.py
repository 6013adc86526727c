"""Which changes replace a resource, for types of which the emulator does not know: it calls all of those conditional.

So a bucket that notifies a function's alias was said to be perhaps replaced by every release. Seam: the emulator's
table of properties. Those here say "Update requires: Replacement" in CloudFormation's reference of the type.
"""

from shoreward.cloud import seam

_REPLACING: dict[str, tuple[str, ...]] = {
    "AWS::Events::EventBus": ("Name",),
    "AWS::KMS::Key": (),
    "AWS::Kinesis::Stream": ("Name",),
    "AWS::Lambda::Alias": ("FunctionName", "Name"),
    "AWS::Logs::LogGroup": ("LogGroupName",),
    "AWS::S3::Bucket": ("BucketName", "BucketNamePrefix", "BucketNamespace"),
    "AWS::SecretsManager::Secret": ("Name",),
}


def apply() -> None:
    """Fill in what is missing; what the emulator has learned meanwhile stays."""
    known: dict[str, tuple[str, ...]] = seam.service("cloudformation.provisioners")._REPLACING_PROPERTIES
    for kind, properties in _REPLACING.items():
        known.setdefault(kind, properties)
