"""Events shown to stand in the log: the event, its salt, and a proof of the entry that they open (SPEC §15.1)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from urllib.parse import urlsplit

from signing.bodies.fields import (
    Check,
    base64url,
    boolean,
    constant,
    fail,
    identifier,
    instant,
    record,
    token,
)
from signing.canonical import JSON
from signing.checkpoint import parse_checkpoint
from signing.commitment import SALT_BYTES, entry
from signing.encoding import b64u, unb64u
from signing.errors import UntrustedError
from signing.instants import parse_instant
from signing.note import parse_note
from signing.signed_checkpoint import SignedCheckpoint
from signing.tlog_policy import Policy, PolicyLog
from signing.tlog_proof import TlogProof, parse_proof, verify_proof
from signing.trust import Trust
from signing.verifier_key import ED25519, VerifierKey

SCHEMA = "consent-registry/event/v1"
MAX_PROOF_CHARS = 1 << 16
_LOG = re.compile(r"(?P<host>[^/]+)/log/(?P<side>live|test)(?:/[1-9][0-9]{0,5})?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedEvent:
    """What opens a log entry, nothing of it verified: a C2SP tlog-proof, the event, and the salt of its commitment."""

    tlog_proof: str
    event: Mapping[str, JSON]
    salt: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedEvent:
    """An event that the log holds at `seq`, under `signed`.

    `quorum` is whether a policy was asked, so that witnesses it names have cosigned; otherwise the log's own key, of
    the trust file, is all that vouches for order and time.
    """

    kind: str
    at: datetime
    body: Mapping[str, JSON]
    seq: int
    signed: SignedCheckpoint
    quorum: bool

    @property
    def witnesses(self) -> list[str]:
        """The names of the witnesses whose cosignatures were verified."""
        return sorted({each.key.name for each in self.signed.cosignatures})


def _proof_text(value: JSON, pointer: str) -> None:
    """A C2SP tlog-proof: judged by its own parser, bounded here."""
    if not isinstance(value, str) or not 0 < len(value) <= MAX_PROOF_CHARS:
        fail("not a text of accepted length", pointer, "length", f"1 to {MAX_PROOF_CHARS} characters")


def _object(value: JSON, pointer: str) -> None:
    if not isinstance(value, dict):
        fail("not an object", pointer, "type", "an object")


_LOGGED: Check = record({"tlog_proof": _proof_text, "event": _object, "salt": base64url(SALT_BYTES)})
_EVENT: Check = record(
    {
        "schema": constant(SCHEMA),
        "id": identifier("evt"),
        "kind": token,
        "livemode": boolean,
        "at": instant,
        "body": _object,
    }
)


def read_logged(value: JSON, pointer: str = "") -> LoggedEvent:
    """The parts of a JSON value.

    Raises:
        MalformedError: with the pointer of the first member at fault.
    """
    _LOGGED(value, pointer)
    members = cast("dict[str, JSON]", value)
    return LoggedEvent(
        tlog_proof=str(members["tlog_proof"]),
        event=cast("dict[str, JSON]", members["event"]),
        salt=unb64u(str(members["salt"]), pointer=f"{pointer}/salt"),
    )


def write_logged(logged: LoggedEvent) -> dict[str, JSON]:
    """The JSON value that `read_logged` reads."""
    return {"tlog_proof": logged.tlog_proof, "event": dict(logged.event), "salt": b64u(logged.salt)}


def verify_logged(
    logged: LoggedEvent, *, trust: Trust, policy: Policy | None, expected_kind: str, expected_livemode: bool
) -> VerifiedEvent:
    """Check that an event of that kind and side stands in the registry's own log.

    With `policy` the checkpoint must fulfil it; without, a log key of that side in the trust file must have signed it,
    and no witness is asked.

    Raises:
        MalformedError: a part is not in its form.
        SignatureError: a signature does not hold, or event and salt are not of the entry at that place.
        UntrustedError: an event of another kind or side, another registry's log, or a checkpoint that the policy, or
            without one the trust file, does not bear out.
    """
    _EVENT(dict(logged.event), "/event")
    said = logged.event
    if said["kind"] != expected_kind:
        raise UntrustedError(f"event is {str(said['kind'])!r:.80}, expected {expected_kind!r}")
    if said["livemode"] is not expected_livemode:
        raise UntrustedError("event is of the other side")
    proof = parse_proof(logged.tlog_proof.encode("utf-8", "replace"))
    accepted = policy or log_policy(proof, trust=trust, livemode=expected_livemode)
    signed = verify_proof(proof, expected_entry=entry(said, logged.salt), policy=accepted)
    check_origin(signed.checkpoint.origin, trust=trust, livemode=expected_livemode)
    return VerifiedEvent(
        kind=expected_kind,
        at=parse_instant(said["at"], pointer="/event/at"),
        body=cast("dict[str, JSON]", said["body"]),
        seq=proof.index,
        signed=signed,
        quorum=policy is not None,
    )


def log_policy(proof: TlogProof, *, trust: Trust, livemode: bool) -> Policy:
    """The policy of somebody who has a trust file only: any of its log keys of that side, and no witness.

    Raises:
        MalformedError: the proof holds no checkpoint.
        UntrustedError: it is of another registry's log, or the trust file has no log key of that side.
    """
    return origin_policy(
        parse_checkpoint(parse_note(proof.checkpoint).text).origin, trust=trust, livemode=livemode
    )


def origin_policy(origin: str, *, trust: Trust, livemode: bool) -> Policy:
    """The same for the log of that origin.

    Raises:
        UntrustedError: as `log_policy`.
    """
    check_origin(origin, trust=trust, livemode=livemode)
    keys = [each.key for each in trust.keys if each.role == "log" and each.livemode == livemode]
    if not keys:
        raise UntrustedError(f"trust file names no {'live' if livemode else 'test'} log key")
    logs = tuple(
        PolicyLog(key=VerifierKey(name=origin, algorithm=ED25519, public=key.parts[0])) for key in keys
    )
    return Policy(logs=logs, witnesses=(), groups=(), quorum="none")


def check_origin(origin: str, *, trust: Trust, livemode: bool) -> None:
    """Refuse a log that is not this registry's of that side.

    Raises:
        UntrustedError: it is another one's, or the trust file names no issuer of that side.
    """
    host = urlsplit(trust.issuer(livemode)).netloc
    found = _LOG.fullmatch(origin)
    if found is None or (found["host"], found["side"]) != (host, "live" if livemode else "test"):
        expected = f"{host}/log/{'live' if livemode else 'test'}"
        raise UntrustedError(f"checkpoint is of {origin!r:.80}, expected of {expected}")
