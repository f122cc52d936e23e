"""Counting what an allow uses up: after `decide`, never beyond a limit, once a request."""

from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, connection, transaction

from consent.core.counting import CounterClaim
from consent.registry.errors import CounterExhausted, NonceSpent
from consent.registry.models import CounterUse
from consent.registry.ports import RegistryPorts
from consent.registry.stored_json import sha256, to_bytes

_ADD = """
INSERT INTO registry_counter AS c (grant_id, livemode, line, kind, day, used)
SELECT %(grant)s, %(livemode)s, %(line)s, %(kind)s, %(day)s, %(quantity)s WHERE %(quantity)s <= %(limit)s
ON CONFLICT (grant_id, line, kind, day) DO UPDATE SET used = c.used + excluded.used
WHERE c.used + excluded.used <= %(limit)s
"""


def consume_counters(
    ports: RegistryPorts,
    *,
    livemode: bool,
    organization: str,
    nonce: str,
    claims: Sequence[CounterClaim],
) -> None:
    """Count every claim or none. The same nonce of the same organization counts once.

    Raises:
        CounterExhausted: one of the limits would be exceeded; the answer is then a deny.
        NonceSpent: the nonce was used for other claims.
    """
    if not claims:
        return
    ordered = sorted(claims, key=_order)  # the fixed order of locks
    digest = sha256(to_bytes([_named(claim) for claim in ordered]))
    with transaction.atomic(durable=True):
        if not _is_first(ports, livemode, organization, nonce, digest):
            return
        with connection.cursor() as cursor:
            for claim in ordered:
                cursor.execute(_ADD, {**_named(claim), "day": claim.day, "livemode": livemode})
                if cursor.rowcount != 1:
                    raise CounterExhausted(claim.grant, claim.line, claim.kind)


def _is_first(ports: RegistryPorts, livemode: bool, organization: str, nonce: str, digest: str) -> bool:
    """Remember the nonce; False if it was remembered for the same claims. Waits for a running twin."""
    try:
        with transaction.atomic():
            CounterUse.objects.create(
                livemode=livemode,
                organization_id=organization,
                nonce=nonce,
                claims_sha256=digest,
                used_at=ports.clock(),
            )
    except IntegrityError:
        earlier = CounterUse.objects.get(livemode=livemode, organization_id=organization, nonce=nonce)
        if earlier.claims_sha256 != digest:
            raise NonceSpent("this nonce was used for another question", pointer="/nonce") from None
        return False
    return True


def _order(claim: CounterClaim) -> tuple[str, str, str, str]:
    return (claim.grant, claim.line, claim.kind, "" if claim.day is None else claim.day.isoformat())


def _named(claim: CounterClaim) -> dict[str, Any]:
    return {
        "grant": claim.grant,
        "line": claim.line,
        "kind": claim.kind,
        "day": None if claim.day is None else claim.day.isoformat(),
        "quantity": claim.quantity,
        "limit": claim.limit,
    }
