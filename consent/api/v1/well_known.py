"""`/.well-known/`: whose keys speak for this registry, and where everything is. And the API's description."""

from datetime import timedelta

from rest_framework.request import Request

from consent.api.operation import Actor, Operation, operation
from consent.api.view import ApiView, Call, Reply
from consent.core.wire.times import seconds
from consent.registry.errors import NotFound
from signing.trust import parse_trust

MAX_AGE_S = 300  # of keys in caches: a rotation overlaps for far longer
SECURITY_TXT_LIFE = timedelta(days=180)  # RFC 9116 §2.5.5 recommends less than a year
_CACHED = {"Cache-Control": f"public, max-age={MAX_AGE_S}", "Access-Control-Allow-Origin": "*"}


class DiscoveryView(ApiView):
    """The trust file."""

    @operation(
        id="getTrust",
        summary="Read the trust file: issuers, keys, RP ids, endpoints",
        tag="Discovery",
        actor=Actor.ANYBODY,
        answer=bytes,
        description="`consent verify` believes exactly these keys. Take it once, look at it, and keep it.",
    )
    def get(self, call: Call) -> Reply:
        """The published bytes (SPEC §7)."""
        return Reply(value=self.wiring.trust(), headers=_CACHED)


class KeysView(ApiView):
    """The same keys as a JWK set."""

    @operation(
        id="getJwks",
        summary="Read the registry's public keys as a JWK set",
        tag="Discovery",
        actor=Actor.ANYBODY,
        answer=bytes,
        media_types=("application/jwk-set+json", "application/json"),
    )
    def get(self, call: Call) -> Reply:
        """RFC 7517 §5; role, side and validity stand beside each key."""
        trust = parse_trust(self.wiring.trust())
        keys = [
            {
                **each.key.to_jwk(),
                "kid": each.kid,
                "use": "sig",
                "alg": each.key.alg,
                "role": each.role,
                "livemode": each.livemode,
                "not_before": seconds(each.not_before),
                "not_after": seconds(each.not_after),
            }
            for each in trust.keys
        ]
        return Reply(value={"keys": keys}, headers=_CACHED)


class SecurityTextView(ApiView):
    """Whom to tell about a hole."""

    @operation(
        id="getSecurityTxt",
        summary="Read whom to tell about a vulnerability",
        tag="Discovery",
        actor=Actor.ANYBODY,
        answer=bytes,
        media_types=("text/plain",),
        problems=("not_found",),
    )
    def get(self, call: Call) -> Reply:
        """RFC 9116; 404 where the operator gave no contact."""
        contact = self.wiring.security_contact
        if contact is None:
            raise NotFound("no contact is published")
        registry = self.wiring.registry
        lines = [
            f"Contact: {contact}",
            f"Expires: {seconds(registry.clock() + SECURITY_TXT_LIFE)}",
            f"Canonical: {registry.origin}/.well-known/security.txt",
            "Preferred-Languages: en",
        ]
        return Reply(value=("\n".join(lines) + "\n").encode(), headers=_CACHED)


class OpenApiView(ApiView):
    """The description of this API."""

    document: bytes = b""

    @operation(
        id="getOpenApi",
        summary="Read this document",
        tag="Discovery",
        actor=Actor.ANYBODY,
        answer=bytes,
    )
    def get(self, call: Call) -> Reply:
        """OpenAPI 3.1, generated from the very types that are enforced."""
        return Reply(value=self.document, headers=_CACHED)


class NothingHereView(ApiView):
    """Every other address below /v1: a problem, not a page."""

    def operation(self, request: Request) -> Operation:
        """No method is offered, since there is nothing."""
        raise NotFound("no such address")
