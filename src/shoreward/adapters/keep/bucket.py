"""A shelf in S3, which a team and its build machines share."""

from __future__ import annotations

from functools import cached_property
from typing import Any, cast

from shoreward.domain import OperationError, Retryable, SpecError, Terminal

_GONE = {"NoSuchKey", "404"}
_ADVICE = "Look at the credentials, the region and AWS_ENDPOINT_URL of this process."


class BucketShelf:
    """A prefix in a bucket, reached with the credentials, region and endpoint of this process's environment.

    Args:
        address: `s3://bucket/prefix`.

    Raises:
        SpecError: KEEP_ADDRESS.
    """

    def __init__(self, address: str) -> None:
        scheme, _, rest = address.partition("://")
        self._bucket, _, prefix = rest.partition("/")
        if scheme != "s3" or not self._bucket:
            raise SpecError("KEEP_ADDRESS", f"{address!r} is not s3://bucket/prefix.", next="Name a bucket.")
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._address = address

    @cached_property
    def _client(self) -> Any:
        import boto3
        from botocore.config import Config

        # Waiting longer than a check takes would make it no help.
        config = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 2, "mode": "standard"})
        return cast("Any", boto3.Session()).client("s3", config=config)

    def get(self, name: str) -> bytes | None:
        """The bytes, or None when there are none."""
        return self._ask("get_object", name)

    def put(self, name: str, content: bytes) -> None:
        """S3 shows an object whole or not at all."""
        self._ask("put_object", name, Body=content)

    def drop(self, name: str) -> None:
        """S3 does not mind when there is none."""
        self._ask("delete_object", name)

    def _ask(self, call: str, name: str, **more: Any) -> bytes | None:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            answer = getattr(self._client, call)(Bucket=self._bucket, Key=f"{self._prefix}{name}", **more)
            return answer["Body"].read() if call == "get_object" else None
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            if code in _GONE and call == "get_object":
                return None
            raise self._refused(f"{code}: {error.response.get('Error', {}).get('Message', '')}") from error
        except BotoCoreError as error:
            what = f"The shared verdicts in {self._address} cannot be reached: {error}."
            raise Retryable("KEEP_UNREACHABLE", what, next=_ADVICE) from error

    def _refused(self, why: str) -> OperationError:
        what = f"The shared verdicts in {self._address} cannot be used: {why}."
        return Terminal("KEEP_REFUSED", what, next=_ADVICE)
