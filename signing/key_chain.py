"""Key chains: who introduced each key, from the performer's first to the one that signs (SPEC §6.1).

The first link is always the registry's word; every later one is either a signature by the key before it
(`introduced_by: performer`) or, after a recovery, the registry's word again. A reader must see which. A link is
therefore verified in the form that its introducer alone can make: an envelope under the former key, or a JWS by a
registry key. Neither can stand in for the other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast

from signing import jws
from signing.bodies import check_body
from signing.bodies.credential import BY_PERFORMER, BY_REGISTRY, read_public_key
from signing.bodies.fields import Check, constant, fail, one_of, record, sequence, sha256, text
from signing.canonical import JSON, sha256_hex
from signing.envelope import Envelope, WebauthnSignature, read_envelope, write_envelope
from signing.errors import MalformedError, SignatureError, UntrustedError
from signing.instants import format_instant, parse_instant
from signing.public_key import PublicKey
from signing.purposes import INTRODUCTION
from signing.statement import PerformerSignature, verify_statement
from signing.trust import Trust

MAX_LINKS = 64  # a key a month for five years


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyIntroduction:
    """One key of a chain and who vouched for it.

    `by_credential` is the former key's thumbprint where the performer introduced it. `examiner`, `evidence_sha256`
    and `recorded_at` are the registry's, None where the performer introduced it; `replaces` is the key that a
    recovery took the place of.
    """

    key: PublicKey
    kind: Literal["passkey", "ed25519"]
    introduced_by: Literal["performer", "registry"]
    statement: str
    body_sha256: str
    by_credential: str | None
    examiner: str | None
    evidence_sha256: str | None
    recorded_at: datetime | None
    replaces: str | None

    @property
    def thumbprint(self) -> str:
        """The key's name."""
        return self.key.thumbprint


def registry_link(introduction: str, *, examiner: str, evidence_sha256: str) -> dict[str, JSON]:
    """The chain entry of a key that the registry introduced by the JWS `introduction`."""
    return {
        "introduced_by": BY_REGISTRY,
        "statement": introduction,
        "examiner": examiner,
        "evidence_sha256": evidence_sha256,
    }


def performer_link(envelope: Envelope) -> dict[str, JSON]:
    """The chain entry of a key that the performer's former key introduced."""
    return {"introduced_by": BY_PERFORMER, "statement": write_envelope(envelope)}


def check_method(link: KeyIntroduction, performer: PerformerSignature) -> None:
    """Refuse a key that signs by another method than the one it was introduced for.

    A software key can imitate a passkey's assertion, and would claim that somebody's finger was on it.

    Raises:
        UntrustedError: kind and method do not fit.
    """
    wanted = "webauthn" if link.kind == "passkey" else "ed25519"
    if performer.method != wanted:
        raise UntrustedError(f"key was introduced as {link.kind} and signs by {performer.method}")


def verify_chain(
    entries: JSON, *, expected_signing_key: str, expected_livemode: bool, trust: Trust, at: datetime
) -> tuple[KeyIntroduction, ...]:
    """Verify every link, from the first key to the one of thumbprint `expected_signing_key`.

    `at` is when the last key signed: every link must be from before.

    Raises:
        MalformedError: a link cannot be read; the pointer is relative to the list.
        SignatureError: a signature does not hold.
        UntrustedError: a link is not by who it says it is by, does not join on to the one before, is of the other
            side, or is later than `at`; or the chain does not start with the registry or end at the signing key.
    """
    _LINKS(entries, "")
    links: list[KeyIntroduction] = []
    for index, entry in enumerate(cast("list[dict[str, JSON]]", entries)):
        link = _verify_link(entry, f"/{index}", before=links, livemode=expected_livemode, trust=trust, at=at)
        links.append(link)
    if links[-1].thumbprint != expected_signing_key:
        raise UntrustedError("key chain leads to another key than the one that signed")
    return tuple(links)


def _statement(value: JSON, pointer: str) -> None:
    if not isinstance(value, str | dict):
        fail("not a statement", pointer, "type", "a JWS or an envelope")


_introducer = one_of(BY_PERFORMER, BY_REGISTRY)
_REGISTRY_LINK: Check = record(
    {
        "introduced_by": constant(BY_REGISTRY),
        "statement": text(1 << 16),
        "examiner": text(200),
        "evidence_sha256": sha256,
    }
)
_PERFORMER_LINK: Check = record({"introduced_by": constant(BY_PERFORMER), "statement": _statement})


def _link(value: JSON, pointer: str) -> None:
    if not isinstance(value, dict):
        fail("not an object", pointer, "type", "an object")
    _introducer(value.get("introduced_by"), f"{pointer}/introduced_by")
    (_REGISTRY_LINK if value["introduced_by"] == BY_REGISTRY else _PERFORMER_LINK)(value, pointer)


_LINKS = sequence(_link, longest=MAX_LINKS)


def _verify_link(
    entry: dict[str, JSON],
    pointer: str,
    *,
    before: Sequence[KeyIntroduction],
    livemode: bool,
    trust: Trust,
    at: datetime,
) -> KeyIntroduction:
    if entry["introduced_by"] == BY_REGISTRY:
        link = _by_registry(entry, pointer, livemode=livemode, trust=trust)
        if link.recorded_at is None or link.recorded_at > at:
            raise UntrustedError(f"key was introduced after it signed, at {format_instant(at)}")
        if link.replaces != (before[-1].thumbprint if before else None):
            raise UntrustedError("key introduced by the registry does not join on to the key before it")
    else:
        if not before:
            raise UntrustedError("key chain does not start with a key that the registry introduced")
        link = _by_performer(entry, pointer, former=before[-1], livemode=livemode, trust=trust, at=at)
    if any(link.thumbprint == each.thumbprint for each in before):
        raise UntrustedError("a key stands twice in its chain")
    return link


def _by_registry(entry: dict[str, JSON], pointer: str, *, livemode: bool, trust: Trust) -> KeyIntroduction:
    known = {each.kid: each.key for each in trust.keys if each.role == "registry"}
    try:
        verified = jws.verify(cast("str", entry["statement"]), expected_typ=INTRODUCTION, keys=known)
        check_body(verified.payload)
    except MalformedError as exc:
        raise exc.under(f"{pointer}/statement") from exc
    body = verified.payload
    if body["introduced_by"] != BY_REGISTRY:
        raise UntrustedError("the registry signed a link that only the performer's former key can sign")
    if body["livemode"] is not livemode:
        raise UntrustedError("key was introduced on the other side")
    recorded_at = parse_instant(body["recorded_at"])
    trust.key(verified.key.thumbprint, "registry", livemode, recorded_at)
    if (entry["examiner"], entry["evidence_sha256"]) != (body["examiner"], body["evidence_sha256"]):
        raise SignatureError("examiner or evidence differ from those that the registry signed")
    return _introduction(body, verified.payload_bytes, recorded_at)


def _by_performer(
    entry: dict[str, JSON],
    pointer: str,
    *,
    former: KeyIntroduction,
    livemode: bool,
    trust: Trust,
    at: datetime,
) -> KeyIntroduction:
    if isinstance(entry["statement"], str):
        raise UntrustedError("a link by a registry key is presented as the performer's own")
    envelope = read_envelope(entry["statement"], pointer=f"{pointer}/statement")
    if envelope.kind != "credential" or envelope.body["introduced_by"] != BY_PERFORMER:
        raise UntrustedError("link is presented as the performer's own, and its statement is not")
    first = envelope.signatures[0]
    rp = None
    if isinstance(first, WebauthnSignature):
        rp = trust.relying_party(first.authenticator_data[:32], at=at, or_before=True)
    verified = verify_statement(
        envelope, expected_performer_key=former.key, expected_livemode=livemode, rp=rp
    )
    check_method(former, verified.performer)
    return _introduction(envelope.body, envelope.body_bytes, None)


def _introduction(
    body: Mapping[str, JSON], body_bytes: bytes, recorded_at: datetime | None
) -> KeyIntroduction:
    members = cast("Mapping[str, str | None]", body)
    return KeyIntroduction(
        key=read_public_key(members["public_key"]),
        kind=cast("Literal['passkey', 'ed25519']", members["kind"]),
        introduced_by=cast("Literal['performer', 'registry']", members["introduced_by"]),
        statement=cast("str", members["id"]),
        body_sha256=sha256_hex(body_bytes),
        by_credential=members.get("by_credential"),
        examiner=members.get("examiner"),
        evidence_sha256=members.get("evidence_sha256"),
        recorded_at=recorded_at,
        replaces=members.get("replaces"),
    )
