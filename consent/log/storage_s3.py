"""An object store in an S3 bucket, through boto3.

Not every S3-compatible store honours `If-None-Match` and `If-Match` (SeaweedFS both, localbucket the first, rclone
neither: /docs/publishing), so what may be written only once is looked for first, written conditionally, and read back
and compared.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import boto3
import urllib3.exceptions
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from consent.log.errors import (
    ImmutableError,
    ObjectChangedError,
    ObjectMissingError,
    StoreError,
    StoreUnavailableError,
)
from consent.log.objects import checked_key

CONNECT_TIMEOUT_S = 3
READ_TIMEOUT_S = 10
ATTEMPTS = 3
_CONFLICT_ATTEMPTS = 5  # 409 ConditionalRequestConflict: another conditional write is under way, try again


class S3ObjectStore:
    """Objects of one bucket, below an optional prefix; for many threads and processes."""

    def __init__(self, *, client: Any, bucket: str, prefix: str = "") -> None:
        """`client` is from `s3_client` (boto3 makes its classes at run time); `prefix` is empty or ends with a slash.

        Raises:
            ValueError: the prefix has no slash at its end.
            StoreUnavailableError: the bucket cannot be reached with these credentials.
        """
        if prefix and not prefix.endswith("/"):
            raise ValueError(f"prefix {prefix!r} has no slash at its end")
        self._client = client
        self._bucket = bucket
        self._prefix = prefix
        try:
            client.head_bucket(Bucket=bucket)
        except (ClientError, BotoCoreError) as exc:
            raise StoreUnavailableError(f"bucket {bucket!r} cannot be reached: {exc}") from exc

    def put(self, key: str, data: bytes, *, immutable: bool) -> None:
        """Write and, if immutable, compare before and after."""
        if not immutable:
            self._put(key, data, condition={})
            return
        if not self._holds(key, data):
            self._put(key, data, condition={"IfNoneMatch": "*"})
            if not self._holds(key, data):
                raise StoreUnavailableError(f"object {key} was written but cannot be found")

    def replace(self, key: str, data: bytes, *, expected: bytes | None) -> None:
        """Compare, and write on the condition that it is still the object that was compared."""
        try:
            found, tag = self._read(key)
        except ObjectMissingError:
            found, tag = None, None
        if found != expected:
            raise ObjectChangedError(f"object {key} was changed by somebody else")
        condition = {"IfNoneMatch": "*"} if tag is None else {"IfMatch": tag}
        # Of two writers one is refused here; or it was our own first attempt, whose answer was lost.
        if not self._put(key, data, condition=condition) and not self._is(key, data):
            raise ObjectChangedError(f"object {key} was changed by somebody else")

    def get(self, key: str) -> bytes:
        """The bytes of `key`."""
        return self._read(key)[0]

    def _read(self, key: str) -> tuple[bytes, str]:
        """The bytes of `key`, and the store's tag of this version."""
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=self._name(key))
            data: bytes = answer["Body"].read()
        except ClientError as exc:
            raise _error(exc, key) from exc
        except (BotoCoreError, urllib3.exceptions.HTTPError) as exc:
            raise StoreUnavailableError(f"object {key} cannot be read: {exc}") from exc
        if len(data) != answer["ContentLength"]:
            raise StoreUnavailableError(f"object {key} came short: {len(data)} of {answer['ContentLength']}")
        return data, answer["ETag"]

    def keys(self, prefix: str) -> Iterator[str]:
        """Every key that begins with `prefix`, in the order of its bytes, whatever order the store lists in."""
        found: list[str] = []
        try:
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=self._prefix + prefix
            )
            for page in pages:
                found += [item["Key"].removeprefix(self._prefix) for item in page.get("Contents", [])]
        except ClientError as exc:
            raise _error(exc, prefix) from exc
        except (BotoCoreError, urllib3.exceptions.HTTPError) as exc:
            raise StoreUnavailableError(f"objects cannot be listed: {exc}") from exc
        yield from sorted(found)

    def delete(self, key: str) -> None:
        """Remove `key`; nothing if it is not there."""
        try:
            self._client.delete_object(Bucket=self._bucket, Key=self._name(key))
        except ClientError as exc:
            error = _error(exc, key)
            if not isinstance(error, ObjectMissingError):
                raise error from exc
        except BotoCoreError as exc:
            raise StoreUnavailableError(f"object {key} cannot be removed: {exc}") from exc

    def _put(self, key: str, data: bytes, *, condition: Mapping[str, str]) -> bool:
        """One write; False if its condition did not hold, which leaves the verdict to a comparison."""
        for _ in range(_CONFLICT_ATTEMPTS):
            try:
                self._client.put_object(Bucket=self._bucket, Key=self._name(key), Body=data, **condition)
            except ClientError as exc:
                status = exc.response["ResponseMetadata"]["HTTPStatusCode"]
                # 412 may also be our own first attempt, whose answer was lost and which boto3 repeated.
                if status == 412 or (status == 404 and "IfMatch" in condition):
                    return False
                if condition and status == 409:
                    continue
                raise _error(exc, key) from exc
            except (BotoCoreError, urllib3.exceptions.HTTPError) as exc:
                raise StoreUnavailableError(f"object {key} cannot be written: {exc}") from exc
            else:
                return True
        raise StoreUnavailableError(f"object {key} stays in conflict with another write")

    def _is(self, key: str, data: bytes) -> bool:
        try:
            return self.get(key) == data
        except ObjectMissingError:
            return False

    def _holds(self, key: str, data: bytes) -> bool:
        """Whether `key` holds exactly `data`; ImmutableError if it holds other bytes."""
        try:
            found = self.get(key)
        except ObjectMissingError:
            return False
        if found != data:
            raise ImmutableError(f"object {key} already holds other bytes")
        return True

    def _name(self, key: str) -> str:
        return self._prefix + checked_key(key)


def s3_client(*, endpoint_url: str | None, region: str, access_key: str, secret_key: str) -> Any:
    """A client with bounded times and retries; path style, which every compatible store understands."""
    return boto3.client(
        "s3",
        endpoint_url=endpoint_url,
        region_name=region,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            connect_timeout=CONNECT_TIMEOUT_S,
            read_timeout=READ_TIMEOUT_S,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            # Compatible stores answer checksums of their own that boto3 would refuse.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )


def _error(exc: ClientError, key: str) -> StoreError:
    """The store's answer in our tree."""
    code = exc.response.get("Error", {}).get("Code", "")
    if code in {"NoSuchKey", "404", "NotFound"}:
        return ObjectMissingError(f"there is no object {key}")
    return StoreUnavailableError(f"the store answered {code or 'an error'} for {key}")
