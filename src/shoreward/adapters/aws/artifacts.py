"""Artifacts: each region's bucket holds what its functions and large templates are read from.

Objects are named by their content, and S3 keeps the sha256 of each, as it was when the object was written: one that is
there already is taken only when that is the content that its name says. Every request names the account that the bucket
must belong to: bucket names are global, and somebody else may have taken ours.
"""

from __future__ import annotations

import base64
import hashlib
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from shoreward.adapters.aws.calls import Aws
from shoreward.adapters.aws.faults import code_of
from shoreward.adapters.aws.stacks.templates import key_of
from shoreward.app.ports import ArtifactStore
from shoreward.domain import Artifact, OperationError, Target, Terminal

if TYPE_CHECKING:
    from mypy_boto3_s3.literals import BucketLocationConstraintType

_ABSENT = ("404", "NoSuchKey", "NoSuchBucket", "NotFound")


class Artifacts:
    """Puts artifacts where a target's region can read them; each goes up once, however many threads ask."""

    def __init__(self, aws: Aws, store: ArtifactStore) -> None:
        self._aws = aws
        self._store = store
        self._guard = threading.Lock()
        self._locks: defaultdict[tuple[str, str], threading.Lock] = defaultdict(threading.Lock)
        self._present: set[tuple[str, str]] = set()

    def upload(self, target: Target, bucket: str, artifacts: Sequence[Artifact]) -> None:
        """Have the artifacts in the bucket, which is created when absent.

        Raises `Terminal`: BUCKET_TAKEN when it belongs to somebody else, ARTIFACT_MISSING when this machine has not
        built one, ARTIFACT_OVERWRITTEN when somebody put something else in an artifact's place.
        """
        if not artifacts:
            return
        self._bucket(target, bucket)
        self._aws.together(
            lambda artifact: self._object(
                target, bucket, artifact.key, artifact.digest, lambda: self._store.open(artifact.digest)
            ),
            artifacts,
        )

    def bring_back(self, target: Target, bucket: str, digests: Iterable[str]) -> tuple[str, ...]:
        """Have earlier artifacts in the bucket again, should somebody have deleted them.

        Returns the keys of those that are not there and that this machine does not have: no error, for CloudFormation
        may not need them.
        """
        missing: list[str] = []

        def again(digest: str) -> None:
            key = f"{digest}.zip"
            try:
                self._have_object(target, bucket, key, digest, lambda: self._store.open(digest))
            except OperationError as error:
                if error.code == "ARTIFACT_MISSING":
                    missing.append(key)

        self._aws.together(again, digests)
        return tuple(sorted(missing))

    def template_url(self, target: Target, bucket: str, content: bytes) -> str:
        """Put a template into the bucket; returns where CloudFormation reads it."""
        self._bucket(target, bucket)
        key = key_of(content)
        self._object(target, bucket, key, hashlib.sha256(content).hexdigest(), lambda: content)
        return f"{self._aws.s3(target).meta.endpoint_url}/{bucket}/{key}"

    def _once(self, thing: tuple[str, str], act: Callable[[], None]) -> None:
        with self._guard:
            lock = self._locks[thing]
        with lock:
            if thing not in self._present:
                act()
                self._present.add(thing)

    def _object(self, target: Target, bucket: str, key: str, digest: str, content: Callable[[], bytes]) -> None:
        self._once((bucket, key), lambda: self._have_object(target, bucket, key, digest, content))

    def _have_object(self, target: Target, bucket: str, key: str, digest: str, content: Callable[[], bytes]) -> None:
        wanted = base64.b64encode(bytes.fromhex(digest)).decode()
        there = self._checksum(target, bucket, key)
        if there is not None and there != wanted:
            raise Terminal(
                "ARTIFACT_OVERWRITTEN",
                f"Somebody put something else in place of the artifact s3://{bucket}/{key}.",
                where=target.key,
                next="Nothing of it is deployed. Find out who writes to the bucket, delete the object, and release "
                "again.",
            )
        if there is None:
            # The checksum is ours and not the content's: S3 refuses what differs from it.
            s3 = self._aws.s3(target)
            self._aws.call(
                target,
                s3.put_object,
                Bucket=bucket,
                Key=key,
                Body=content(),
                ChecksumSHA256=wanted,
                ExpectedBucketOwner=target.account,
            )

    def _checksum(self, target: Target, bucket: str, key: str) -> str | None:
        """The sha256 that S3 keeps of an object; None when there is no object, or no such sum of all of it."""
        s3 = self._aws.s3(target)
        try:
            found = self._aws.call(
                target,
                s3.head_object,
                Bucket=bucket,
                Key=key,
                ChecksumMode="ENABLED",
                ExpectedBucketOwner=target.account,
            )
        except Terminal as error:
            if code_of(error) not in _ABSENT:
                raise
            return None
        told = found.get("ChecksumSHA256", "")
        # One of parts that were put together tells nothing of the whole: `...-3`.
        return told if told and "-" not in told else None

    def _bucket(self, target: Target, bucket: str) -> None:
        self._once((bucket, ""), lambda: self._have_bucket(target, bucket))

    def _have_bucket(self, target: Target, bucket: str) -> None:
        s3 = self._aws.s3(target)
        try:
            self._aws.call(target, s3.head_bucket, Bucket=bucket, ExpectedBucketOwner=target.account)
        except Terminal as error:
            if code_of(error) not in _ABSENT:
                raise self._taken(target, bucket, error) from error
            self._create(target, bucket)

    def _create(self, target: Target, bucket: str) -> None:
        s3 = self._aws.s3(target)
        region: BucketLocationConstraintType = target.region  # pyright: ignore[reportAssignmentType] -- any region
        placed: dict[str, Any] = (
            {} if target.region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        )
        try:
            self._aws.call(target, s3.create_bucket, Bucket=bucket, **placed)
        except Terminal as error:
            if code_of(error) != "BucketAlreadyOwnedByYou":
                raise self._taken(target, bucket, error) from error
        self._aws.call(
            target,
            s3.put_public_access_block,
            Bucket=bucket,
            PublicAccessBlockConfiguration={
                "BlockPublicAcls": True,
                "IgnorePublicAcls": True,
                "BlockPublicPolicy": True,
                "RestrictPublicBuckets": True,
            },
            ExpectedBucketOwner=target.account,
        )
        self._aws.call(
            target,
            s3.put_bucket_encryption,
            Bucket=bucket,
            ServerSideEncryptionConfiguration={
                "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
            },
            ExpectedBucketOwner=target.account,
        )

    def _taken(self, target: Target, bucket: str, error: Terminal) -> Terminal:
        if code_of(error) not in ("403", "AccessDenied", "BucketAlreadyExists"):
            return error
        return Terminal(
            "BUCKET_TAKEN",
            f"The artifact bucket {bucket} belongs to another account, or may not be read.",
            where=target.key,
            next="Choose another name under artifacts in shoreward.yaml, or allow s3:ListBucket on it.",
        )
