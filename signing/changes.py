"""Pages of the change feed: signed by a process for one reader and one request (SPEC §12; DESIGN §8 "Change feed").

A page is no evidence: it says what stood at one position, to whoever asked with this nonce. What it holds is read
by `consent.core.wire.changes`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from signing import jws
from signing.bodies.fields import boolean, integer, text
from signing.canonical import JSON, canonicalize
from signing.encoding import b64u
from signing.errors import MalformedError, UntrustedError
from signing.instants import format_instant, parse_numeric_date
from signing.private_key import PrivateKey
from signing.process_key import check_window, verify_process_certificate
from signing.purposes import CHANGES
from signing.receipt import ReceiptSigner
from signing.trust import Trust

MAX_CHANGES_BYTES = 1 << 24  # a page aims at 2^20; one subject with many long grants may be longer
_CLAIMS = {
    "iss": text(300),
    "aud": text(100),
    "livemode": boolean,
    "node": text(100),
    "iat": integer(0),
    "nonce": text(128),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedChanges:
    """A page whose signature, issuer, audience, side and nonce are right. `payload` is the whole of it."""

    payload: Mapping[str, JSON]
    livemode: bool
    issued_at: datetime


def sign_changes(payload: bytes, *, issued_at: datetime, signer: ReceiptSigner) -> str:
    """A page as compact JWS by a process key, the certificate in its header.

    `payload` is the RFC 8785 form of an object with the claims of SPEC §12, written from this very signer.

    Raises:
        UntrustedError: the process key is not certified at `issued_at`.
    """
    if not signer.not_before <= issued_at < signer.not_after:
        raise UntrustedError(f"process key is not certified at {format_instant(issued_at)}")
    signing_input = f"{_header(signer.private, signer.certificate)}.{b64u(payload)}"
    return f"{signing_input}.{b64u(signer.private.sign(signing_input.encode('ascii')))}"


def verify_changes(
    token: str,
    *,
    trust: Trust,
    expected_audience: str | None,
    expected_nonce: str,
    allow_test: bool = False,
) -> SignedChanges:
    """Verify a page for the reader that asked for it. Keys are judged when it was signed; the nonce says that this
    was after the request.

    `expected_audience` is the reader's organization; None, to be typed out, where the key alone knows it: then the
    caller holds every later page to the first one's.

    Raises:
        MalformedError: not a page.
        SignatureError: the signature does not hold, or the token is of another purpose.
        UntrustedError: the chain of keys does not reach the trust file, or another issuer, audience, nonce or side, or
            the test side without `allow_test`.
    """
    parsed = jws.parse_compact(token, max_bytes=MAX_CHANGES_BYTES)
    certified = parsed.header.get("cert")
    if not isinstance(certified, str):
        raise MalformedError("missing or not a string", pointer="/header/cert", rule="jws_header")
    kid = jws.read_kid(certified)
    side = next((each.livemode for each in trust.keys if each.kid == kid), True)
    if not side and not allow_test:
        raise UntrustedError("page is of the test side, and allow_test was not said")
    certificate = verify_process_certificate(certified, trust=trust, expected_livemode=side)
    payload = jws.verify(
        token,
        expected_typ=CHANGES,
        key=certificate.key,
        expected_header=("cert",),
        max_bytes=MAX_CHANGES_BYTES,
    ).payload
    issued_at = _read(payload)
    said = (payload["iss"], payload["livemode"], payload["node"])
    if said != (certificate.issuer, certificate.livemode, certificate.node):
        raise UntrustedError("page is of another issuer, side or node than its process key's certificate")
    check_window(certificate, issued_at)
    if payload["nonce"] != expected_nonce:
        raise UntrustedError("page answers another request: its nonce is not the one that was sent")
    if expected_audience is not None and payload["aud"] != expected_audience:
        raise UntrustedError(f"page is for {payload['aud']!r}, expected {expected_audience!r}")
    return SignedChanges(payload=payload, livemode=side, issued_at=issued_at)


def _read(payload: Mapping[str, JSON]) -> datetime:
    """Check the claims; when it was signed."""
    for name, check in _CLAIMS.items():
        if name not in payload:
            raise MalformedError("required member is missing", pointer=f"/payload/{name}", rule="required")
        check(payload[name], f"/payload/{name}")
    return parse_numeric_date(payload["iat"], pointer="/payload/iat")


@lru_cache(maxsize=8)
def _header(key: PrivateKey, certificate: str) -> str:
    """The header of every page by one process key; it is the same for a day."""
    members: dict[str, JSON] = {
        "alg": "EdDSA",
        "cert": certificate,
        "kid": key.public.thumbprint,
        "typ": CHANGES,
    }
    return b64u(canonicalize(members))
