"""Artifacts: in each region's bucket, once, and in nobody else's."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from shoreward.domain import Artifact, Terminal
from shoreward.testing.cloud import CloudAccount

from .support import Bench


def artifact(bench: Bench, content: bytes = b"zip") -> Artifact:
    return Artifact(digest=bench.store.put(content), size=len(content), used_by=("Hello",))


def bucket_of(bench: Bench) -> str:
    return f"shoreward-{bench.account.account_id}-{bench.region}"


@pytest.mark.parametrize("region", ["us-east-1", "eu-north-1"])
def test_a_bucket_is_made_private_and_encrypted(bench: Bench, region: str) -> None:
    bench.region = region
    one = artifact(bench)
    bench.adapters.artifacts.upload(bench.target, bucket_of(bench), [one])
    s3 = bench.account.client("s3", region)
    assert s3.get_object(Bucket=bucket_of(bench), Key=one.key)["Body"].read() == b"zip"
    closed = s3.get_public_access_block(Bucket=bucket_of(bench))["PublicAccessBlockConfiguration"]
    assert set(closed.values()) == {True}
    rules = s3.get_bucket_encryption(Bucket=bucket_of(bench))["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"


def test_what_is_there_is_not_uploaded_again(bench: Bench) -> None:
    one = artifact(bench)
    bench.adapters.artifacts.upload(bench.target, bucket_of(bench), [one])
    bench.connected().artifacts.upload(bench.target, bucket_of(bench), [one])
    assert bench.store.opened[one.digest] == 1


def test_what_somebody_put_in_an_artifacts_place_is_refused(bench: Bench) -> None:
    one = artifact(bench)
    bench.adapters.artifacts.upload(bench.target, bucket_of(bench), [one])
    s3 = bench.account.client("s3", bench.region)
    s3.put_object(Bucket=bucket_of(bench), Key=one.key, Body=b"evil", ChecksumAlgorithm="SHA256")
    with pytest.raises(Terminal) as refused:
        bench.connected().artifacts.upload(bench.target, bucket_of(bench), [one])
    assert (refused.value.code, one.key in refused.value.what) == ("ARTIFACT_OVERWRITTEN", True)
    assert s3.get_object(Bucket=bucket_of(bench), Key=one.key)["Body"].read() == b"evil", "it is left for whoever asks"


@pytest.mark.parametrize("algorithm", ["CRC32", "SHA1"])
def test_an_object_of_which_s3_does_not_know_what_it_is_is_uploaded_again(bench: Bench, algorithm: str) -> None:
    one = artifact(bench)
    bench.adapters.artifacts.upload(bench.target, bucket_of(bench), [one])
    s3 = bench.account.client("s3", bench.region)
    s3.put_object(Bucket=bucket_of(bench), Key=one.key, Body=b"evil", ChecksumAlgorithm=algorithm)
    bench.connected().artifacts.upload(bench.target, bucket_of(bench), [one])
    assert s3.get_object(Bucket=bucket_of(bench), Key=one.key)["Body"].read() == b"zip"


def test_a_large_template_that_somebody_changed_is_refused(bench: Bench) -> None:
    url = bench.adapters.artifacts.template_url(bench.target, bucket_of(bench), b"{}")
    s3 = bench.account.client("s3", bench.region)
    key = url.rpartition(f"/{bucket_of(bench)}/")[2]
    s3.put_object(Bucket=bucket_of(bench), Key=key, Body=b"[]", ChecksumAlgorithm="SHA256")
    with pytest.raises(Terminal) as refused:
        bench.connected().artifacts.template_url(bench.target, bucket_of(bench), b"{}")
    assert refused.value.code == "ARTIFACT_OVERWRITTEN"


def test_many_threads_upload_once(bench: Bench) -> None:
    one = artifact(bench)
    ready = threading.Barrier(6)

    def upload(number: int) -> None:
        ready.wait()
        target = replace(bench.target, stack=f"stack-{number}")
        bench.adapters.artifacts.upload(target, bucket_of(bench), [one])

    with bench.watched() as calls, ThreadPoolExecutor(6) as pool:
        list(pool.map(upload, range(6)))
    assert (calls.count("s3:CreateBucket"), calls.count("s3:PutObject")) == (1, 1)


def test_a_bucket_that_somebody_else_took_is_refused(bench: Bench) -> None:
    stranger = CloudAccount(bench.account.endpoint, "987654321098")
    name = f"taken-{bench.account.account_id}"
    stranger.client("s3").create_bucket(Bucket=name)
    with pytest.raises(Terminal) as refused:
        bench.adapters.artifacts.upload(bench.target, name, [artifact(bench)])
    assert (refused.value.code, name in refused.value.what) == ("BUCKET_TAKEN", True)


def test_an_artifact_that_was_not_built_here_is_missed(bench: Bench) -> None:
    with pytest.raises(Terminal) as missing:
        bench.adapters.artifacts.upload(bench.target, bucket_of(bench), [Artifact(digest="0" * 64, size=1, used_by=())])
    assert missing.value.code == "ARTIFACT_MISSING"
