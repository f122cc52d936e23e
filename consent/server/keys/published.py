"""The trust file of this registry: what a verifier needs, and takes on trust."""

from consent.server.keys.index import KeyIndex
from signing.trust import Trust, TrustedKey, TrustedOrigins, format_trust
from signing.webauthn import RelyingParty


def issuer_of(origin: str, *, livemode: bool) -> str:
    """Who signs on one side; the sides are told apart by it."""
    return origin if livemode else f"{origin}/test"


def trust_of(index: KeyIndex, *, origin: str) -> Trust:
    """The trust in every key of the index; retired ones verify what they signed in their time."""
    return Trust(
        issuers={side: issuer_of(origin, livemode=side) for side in (True, False)},
        keys=tuple(
            TrustedKey(
                key=each.public,
                role=each.role,
                livemode=each.livemode,
                not_before=each.not_before,
                not_after=each.not_after,
            )
            for each in index.keys
        ),
        relying_parties=tuple(
            TrustedOrigins(
                rp=RelyingParty(rp_id=each.rp_id, signing_origins=frozenset({each.signing_origin})),
                not_before=each.not_before,
                not_after=each.not_after,
            )
            for each in index.relying_parties
        ),
        endpoints={
            "api": f"{origin}/v1",
            "documentation": f"{origin}/docs",
            "jwks": f"{origin}/.well-known/jwks.json",
            "openapi": f"{origin}/v1/openapi.json",
            "trust": f"{origin}/.well-known/consent-registry",
        },
    )


def trust_bytes(index: KeyIndex, *, origin: str) -> bytes:
    """The trust file's RFC 8785 bytes."""
    return format_trust(trust_of(index, origin=origin))
