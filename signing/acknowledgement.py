"""Acknowledgements: the registry's signed word that an ending took effect, and when (SPEC §10)."""

from dataclasses import dataclass
from datetime import datetime

from signing import jws
from signing.bodies.fields import boolean, fail, identifier, one_of, record, sha256, text
from signing.canonical import JSON
from signing.errors import MalformedError, UntrustedError
from signing.instants import format_instant_ms, parse_instant_ms
from signing.purposes import ACKNOWLEDGEMENT
from signing.signer import Signer
from signing.trust import Trust

MAX_BYTES = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """From `enforced_at` every online check denies. `committed` is the position of the ending in the history.

    Either `statement` names what the performer signed, and `body_sha256` is of its body; or nobody signed,
    `authority` says on whose word the registry recorded the ending, and `body_sha256` is of that record: the event
    to which the history's entry commits.
    """

    issuer: str
    livemode: bool
    grant: str
    body_sha256: str
    committed: str
    enforced_at: datetime
    statement: str | None = None
    authority: str | None = None


AUTHORITIES = ("link", "operator", "session")  # who may end without a signature (DESIGN §4, Ending)
_PAYLOAD = record(
    {
        "iss": text(300),
        "livemode": boolean,
        "grant": identifier("grt"),
        "body_sha256": sha256,
        "committed": text(400),
        "enforced_at": text(24),
    },
    {"statement": identifier("stm"), "authority": one_of(*AUTHORITIES)},
)


def sign_acknowledgement(acknowledgement: Acknowledgement, *, signer: Signer) -> str:
    """The acknowledgement as compact JWS by the registry key.

    Raises:
        MalformedError: the value breaks a rule of acknowledgements.
        UntrustedError: the signer is not of the role `registry`.
    """
    payload: dict[str, JSON] = {
        "iss": acknowledgement.issuer,
        "livemode": acknowledgement.livemode,
        "grant": acknowledgement.grant,
        "body_sha256": acknowledgement.body_sha256,
        "committed": acknowledgement.committed,
        "enforced_at": format_instant_ms(acknowledgement.enforced_at),
    }
    for name, value in (("statement", acknowledgement.statement), ("authority", acknowledgement.authority)):
        if value is not None:
            payload[name] = value
    _read(payload)
    return signer.sign_jws(typ=ACKNOWLEDGEMENT, payload=payload)


def verify_acknowledgement(
    token: str, *, trust: Trust, expected_body_sha256: str, allow_test: bool = False
) -> Acknowledgement:
    """Check that the registry acknowledged the ending whose body has that digest.

    Raises:
        MalformedError: not an acknowledgement.
        SignatureError: the signature does not hold, or it is of another purpose.
        UntrustedError: by a key that was no registry key then, another issuer, another statement, or of the test
            side without `allow_test`.
    """
    known = {each.kid: each.key for each in trust.keys if each.role == "registry"}
    verified = jws.verify(token, expected_typ=ACKNOWLEDGEMENT, keys=known, max_bytes=MAX_BYTES)
    try:
        read = _read(verified.payload)
    except MalformedError as exc:
        raise exc.under("/payload") from exc
    if not read.livemode and not allow_test:
        raise UntrustedError("acknowledgement is of the test side, and allow_test was not said")
    trust.key(verified.key.thumbprint, "registry", read.livemode, read.enforced_at)
    if read.issuer != trust.issuer(read.livemode):
        raise UntrustedError(f"acknowledgement is of another issuer: {read.issuer[:100]!r}")
    if read.body_sha256 != expected_body_sha256:
        raise UntrustedError("acknowledgement is of another statement")
    return read


def _read(payload: dict[str, JSON]) -> Acknowledgement:
    _PAYLOAD(payload, "")
    if ("statement" in payload) == ("authority" in payload):
        fail("both or neither", "/statement", "one_of", "a statement, or an authority where nobody signed")
    named = {name: value for name, value in payload.items() if isinstance(value, str)}
    return Acknowledgement(
        issuer=named["iss"],
        livemode=payload["livemode"] is True,
        statement=named.get("statement"),
        authority=named.get("authority"),
        grant=named["grant"],
        body_sha256=named["body_sha256"],
        committed=named["committed"],
        enforced_at=parse_instant_ms(payload["enforced_at"], pointer="/enforced_at"),
    )
