"""Process keys: each check process signs with its own, certified for at most a day (SPEC §9.1)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from signing import jws
from signing.bodies.fields import boolean, fail, integer, record, text
from signing.canonical import JSON
from signing.errors import MalformedError, UntrustedError
from signing.instants import format_instant, format_numeric_date, parse_numeric_date
from signing.public_key import PublicKey
from signing.purposes import PROCESS_KEY
from signing.signer import Signer
from signing.trust import Trust

MAX_VALIDITY = timedelta(hours=24)  # DESIGN §4: a stolen process key is worth a day
MAX_CERTIFICATE_BYTES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessCertificate:
    """What the receipt key said of a process key: whose, of which side, from when up to when."""

    key: PublicKey
    issuer: str
    livemode: bool
    node: str
    not_before: datetime
    not_after: datetime


def certify_process_key(
    receipt_signer: Signer,
    *,
    process_public: PublicKey,
    issuer: str,
    livemode: bool,
    node: str,
    not_before: datetime,
    not_after: datetime,
) -> str:
    """The certificate of a process key, a JWS by the receipt key.

    Raises:
        MalformedError: the window is empty or longer than 24 hours, or the key is not Ed25519.
        UntrustedError: the signer is not of the role `receipt`.
    """
    payload: dict[str, JSON] = {
        "iss": issuer,
        "livemode": livemode,
        "node": node,
        "jwk": process_public.to_jwk(),
        "nbf": format_numeric_date(not_before),
        "exp": format_numeric_date(not_after),
    }
    _read(payload)
    return receipt_signer.sign_jws(typ=PROCESS_KEY, payload=payload)


def verify_process_certificate(token: str, *, trust: Trust, expected_livemode: bool) -> ProcessCertificate:
    """Check that a receipt key of that side, valid when the certificate began, certified a process key.

    Raises:
        MalformedError: not a certificate.
        UntrustedError: by a key that the trust file does not name in that role, side and time, or another issuer.
        SignatureError: the signature does not hold, or it is of another purpose.
    """
    kid = jws.read_kid(token, max_bytes=MAX_CERTIFICATE_BYTES)
    known = {each.kid: each.key for each in trust.keys if each.role == "receipt"}
    verified = jws.verify(token, expected_typ=PROCESS_KEY, keys=known, max_bytes=MAX_CERTIFICATE_BYTES)
    certificate = _read(verified.payload)
    if certificate.livemode != expected_livemode:
        raise UntrustedError("process certificate is of the other side")
    trust.key(kid, "receipt", expected_livemode, certificate.not_before)
    if certificate.issuer != trust.issuer(expected_livemode):
        raise UntrustedError(f"process certificate is of another issuer: {certificate.issuer[:100]!r}")
    return certificate


def check_window(certificate: ProcessCertificate, at: datetime) -> None:
    """Refuse an instant at which a process key was not certified.

    Raises:
        UntrustedError: before or after the certificate.
    """
    if not certificate.not_before <= at < certificate.not_after:
        raise UntrustedError(
            f"process key was certified from {format_instant(certificate.not_before)} "
            f"to {format_instant(certificate.not_after)}, not at {format_instant(at)}"
        )


def _is_key(value: JSON, pointer: str) -> None:
    key = PublicKey.from_jwk(value, pointer=pointer)
    if key.alg != "EdDSA" or key.to_jwk() != value:
        fail("not an Ed25519 JWK of required members only", pointer, "jwk")


_CERTIFICATE = record(
    {
        "iss": text(300),
        "livemode": boolean,
        "node": text(100),
        "jwk": _is_key,
        "nbf": integer(0),
        "exp": integer(0),
    }
)


def _read(payload: dict[str, JSON]) -> ProcessCertificate:
    try:
        _CERTIFICATE(payload, "")
        not_before = parse_numeric_date(payload["nbf"], pointer="/nbf")
        not_after = parse_numeric_date(payload["exp"], pointer="/exp")
        if not timedelta(0) < not_after - not_before <= MAX_VALIDITY:
            fail("window is empty or too long", "/exp", "window", "at most 24 hours after nbf")
    except MalformedError as exc:
        raise exc.under("/payload") from exc
    return ProcessCertificate(
        key=PublicKey.from_jwk(payload["jwk"]),
        issuer=cast("str", payload["iss"]),
        livemode=payload["livemode"] is True,
        node=cast("str", payload["node"]),
        not_before=not_before,
        not_after=not_after,
    )
