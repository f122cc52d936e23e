"""Commitments: all that the log ever shows of an event (SPEC §8; DESIGN §9)."""

import hashlib
import hmac
from collections.abc import Mapping

from signing.canonical import JSON, canonicalize
from signing.errors import MalformedError, SignatureError

CONTEXT = b"consent-registry/commit/v1"
SALT_BYTES = 32
ENTRY_VERSION = b"\x01"
ENTRY_BYTES = 33


def commit(event: Mapping[str, JSON], salt: bytes) -> bytes:
    """32 bytes: HMAC-SHA-256(salt, CONTEXT ‖ 0x00 ‖ SHA-256(JCS(event))).

    Without the salt nobody can tell which event it is, or whether two belong together.

    Raises:
        MalformedError: the salt is not exactly 32 bytes, or the event has no canonical form.
    """
    if len(salt) != SALT_BYTES:
        # HMAC pads short keys with zeros and hashes long ones: other lengths would have twins.
        raise MalformedError(f"salt has {len(salt)} bytes, expected {SALT_BYTES}", rule="salt")
    digest = hashlib.sha256(canonicalize(dict(event))).digest()
    return hmac.digest(salt, CONTEXT + b"\x00" + digest, "sha256")


def entry(event: Mapping[str, JSON], salt: bytes) -> bytes:
    """The 33 bytes of a log entry: version 0x01 ‖ commitment.

    Raises:
        MalformedError: see `commit`.
    """
    return ENTRY_VERSION + commit(event, salt)


def check_opening(logged: bytes, *, event: Mapping[str, JSON], salt: bytes) -> None:
    """Check that `event` and `salt` open a log entry.

    Raises:
        MalformedError: `logged` is no entry of this version, or see `commit`.
        SignatureError: it is the entry of another event, or the salt is another.
    """
    if len(logged) != ENTRY_BYTES or logged[:1] != ENTRY_VERSION:
        raise MalformedError("not a log entry: expected 0x01 and 32 bytes", rule="entry")
    if not hmac.compare_digest(logged, entry(event, salt)):
        raise SignatureError("event and salt do not open this log entry")
