"""`Authorization: Performer <JWS>`: a performer shows that they hold their key, afresh for each request.

The token is a compact JWS, `typ` `consent-performer-proof+jwt`, `kid` the key's thumbprint, payload
`{htm, htu, iat, jti}`: the method, the address without query, the instant in Unix seconds, a one-use id.
It is bound to no body: statements carry signatures of their own, and the transport is TLS.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from consent.api.callers import PerformerCaller
from consent.core.wire.problem import ApiError, fault
from consent.registry.models import Credential, SpentProof
from consent.registry.ports import RegistryPorts
from signing import jws
from signing.errors import SigningError
from signing.public_key import PublicKey
from signing.purposes import PERFORMER_PROOF

CHALLENGE = 'Performer realm="consent"'
MAX_AGE = timedelta(seconds=60)  # either way: clocks differ, and a proof is made per request
MAX_TOKEN_CHARS = 4096
_JTI = re.compile(r"[A-Za-z0-9_-]{16,128}")
_MEMBERS = {"htm", "htu", "iat", "jti"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A verified proof: its one-use id, until when the id must be remembered, and when it was verified."""

    jti: str
    spent_until: datetime
    verified_at: datetime


class PerformerAuthentication(BaseAuthentication):
    """Names the performer by the credential whose key made the proof. A key switched off names nobody."""

    def __init__(self, ports: RegistryPorts) -> None:
        self._ports = ports

    def authenticate(self, request: Request) -> tuple[PerformerCaller, None]:
        """The caller; the proof is spent."""
        token = proof_token(request)
        credential = _credential(token)
        key = PublicKey.from_jwk(credential.public_key)
        proof = verify_proof(token, key=key, request=request, ports=self._ports)
        spend(proof, livemode=credential.livemode)
        return PerformerCaller(
            performer=credential.performer_id,
            thumbprint=credential.thumbprint,
            livemode=credential.livemode,
        ), None

    def authenticate_header(self, request: Request) -> str:
        """The challenge of a 401."""
        return CHALLENGE


def proof_token(request: Request) -> str:
    """The JWS of the Authorization header.

    Raises:
        ApiError: there is none, or it is too long to be one.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "performer" or not token:
        raise ApiError("unauthenticated")
    if len(token) > MAX_TOKEN_CHARS:
        raise _invalid("size", f"at most {MAX_TOKEN_CHARS} characters")
    return token


def verify_proof(token: str, *, key: PublicKey, request: Request, ports: RegistryPorts) -> Proof:
    """Check signature, method, address and age of a proof.

    Raises:
        ApiError: any of them is wrong; which one is named, the token is not repeated.
    """
    try:
        payload = jws.verify(token, expected_typ=PERFORMER_PROOF, key=key).payload
    except SigningError as exc:
        raise _invalid("signature", "a proof signed by the named key") from exc
    if set(payload) != _MEMBERS:
        raise _invalid("members", "exactly htm, htu, iat and jti")
    if payload["htm"] != request.method:
        raise _invalid("htm", "the method of this request")
    if payload["htu"] not in [f"{origin}{request.path}" for origin in (ports.origin, ports.signing_origin)]:
        raise _invalid("htu", "the address of this request, without query")
    iat, jti = payload["iat"], payload["jti"]
    if isinstance(iat, bool) or not isinstance(iat, int) or not 0 <= iat < 1 << 40:
        raise _invalid("iat", "seconds since 1970")
    made = datetime.fromtimestamp(iat, tz=UTC)
    now = ports.clock()
    if abs(now - made) > MAX_AGE:
        raise _invalid("iat", "a proof not older than 60 seconds")
    if not isinstance(jti, str) or not _JTI.fullmatch(jti):
        raise _invalid("jti", "16 to 128 characters of base64url")
    return Proof(jti=jti, spent_until=made + 2 * MAX_AGE, verified_at=now)


def spend(proof: Proof, *, livemode: bool) -> None:
    """Remember the proof's id; raises ApiError if it was remembered already. Old ids are forgotten here."""
    SpentProof.objects.filter(livemode=livemode, expires_at__lt=proof.verified_at).delete()
    _, fresh = SpentProof.objects.get_or_create(
        livemode=livemode, jti=proof.jti, defaults={"expires_at": proof.spent_until}
    )
    if not fresh:
        raise ApiError("proof_replayed")


def _credential(token: str) -> Credential:
    """The credential that the token's `kid` names; nothing of the token is believed yet."""
    try:
        kid = jws.parse_compact(token, max_bytes=MAX_TOKEN_CHARS).header.get("kid")
    except SigningError as exc:
        raise _invalid("jws", "a compact JWS") from exc
    row = (
        Credential.objects.filter(thumbprint=kid).first()
        if isinstance(kid, str) and "\x00" not in kid
        else None
    )
    if row is None or row.state == "blocked":
        raise _invalid("kid", "the thumbprint of an enrolled key that is on")
    return row


def _invalid(rule: str, expected: str) -> ApiError:
    return ApiError("proof_invalid", errors=[fault("", rule, expected, "another")])
