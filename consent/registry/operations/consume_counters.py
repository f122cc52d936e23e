"""Counting what an allow uses up: after `decide`, never beyond a limit, once a nonce.

A check process may also reserve a small block of a counter, and count from that in its own memory. A block counts as
used from the moment it is reserved; what is left of it can be given back, once.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

from django.db import IntegrityError, connection, transaction

from consent.core.counting import CounterClaim
from consent.log.commit_guard import known_commit
from consent.registry.errors import CounterExhausted, NonceSpent
from consent.registry.models import CounterUse
from consent.registry.ports import RegistryPorts
from consent.registry.stored_json import sha256, to_bytes

KEPT_FREE: Final = (
    32  # a block is at most this part of what is left, so that nobody is denied for the sake of another
)

_BEGIN = "SET LOCAL lock_timeout = '2s'; SET LOCAL idle_in_transaction_session_timeout = '5s'"
_ADD = """
INSERT INTO registry_counter AS c (grant_id, livemode, line, kind, day, used)
SELECT %(grant)s, %(livemode)s, %(line)s, %(kind)s, %(day)s, %(quantity)s WHERE %(quantity)s <= %(limit)s
ON CONFLICT (grant_id, line, kind, day) DO UPDATE SET used = c.used + excluded.used
WHERE c.used + excluded.used <= %(limit)s
"""
_RESERVE = """
UPDATE registry_counter SET used = used + %(size)s
WHERE grant_id = %(grant)s AND line = %(line)s AND kind = %(kind)s AND day IS NOT DISTINCT FROM %(day)s
AND used + %(size)s * %(kept_free)s <= %(limit)s
"""
_GIVE_BACK = """
UPDATE registry_counter SET used = used - %(left)s
WHERE grant_id = %(grant)s AND line = %(line)s AND kind = %(kind)s AND day IS NOT DISTINCT FROM %(day)s
AND used >= %(left)s
"""


class CounterName(NamedTuple):
    """One counter: of a line of a grant, and of one UTC day where it is a rate."""

    grant: str
    line: str
    kind: str
    day: date | None


def name_of(claim: CounterClaim) -> CounterName:
    """The counter that a claim is about."""
    return CounterName(claim.grant, claim.line, claim.kind, claim.day)


def consume_counters(
    ports: RegistryPorts,
    *,
    livemode: bool,
    organization: str,
    nonce: str | None,
    claims: Sequence[CounterClaim],
    blocks: Mapping[CounterName, int] | None = None,
) -> dict[CounterName, int]:
    """Count every claim or none. The same nonce of the same organization counts once.

    `blocks` are sizes to reserve besides, each where it is at most 1/32 of what is left; returned are those that
    were. Whoever does not get this answer has nothing: what was reserved then counts as used for ever.

    Raises:
        CounterExhausted: one of the limits would be exceeded; the answer is then a deny.
        NonceSpent: the nonce was used for other claims.
        CommitUnknownError: it may have been counted; with the same nonce it counts once all the same.
    """
    if not claims:
        return {}
    ordered = sorted(claims, key=_order)  # the fixed order of locks
    reserved: dict[CounterName, int] = {}
    with known_commit() as commit, transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(_BEGIN)
        if nonce is not None:
            digest = sha256(to_bytes([_named(claim) for claim in ordered]))
            if not _is_first(ports, livemode, organization, nonce, digest):
                return {}
        for claim in ordered:
            told = {**_named(claim), "day": claim.day, "livemode": livemode}
            cursor.execute(_ADD, told)
            if cursor.rowcount != 1:
                raise CounterExhausted(claim.grant, claim.line, claim.kind)
            size = (blocks or {}).get(name_of(claim), 0)
            if size > 0:
                cursor.execute(_RESERVE, {**told, "size": size, "kept_free": KEPT_FREE})
                if cursor.rowcount == 1:
                    reserved[name_of(claim)] = size
        commit.committing()
    return reserved


def give_back(left: Mapping[CounterName, int]) -> None:
    """Give back what is left of blocks. Never twice, also not where this fails: what is not given back is lost.

    Raises:
        CommitUnknownError, DatabaseError: it was given back, or counts as used for ever.
    """
    with known_commit() as commit, transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(_BEGIN)
        for name in sorted(left, key=_in_order):
            cursor.execute(_GIVE_BACK, {**name._asdict(), "left": left[name]})
        commit.committing()


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
    return _in_order(name_of(claim))


def _in_order(name: CounterName) -> tuple[str, str, str, str]:
    return (name.grant, name.line, name.kind, "" if name.day is None else name.day.isoformat())


def _named(claim: CounterClaim) -> dict[str, Any]:
    return {
        "grant": claim.grant,
        "line": claim.line,
        "kind": claim.kind,
        "day": None if claim.day is None else claim.day.isoformat(),
        "quantity": claim.quantity,
        "limit": claim.limit,
    }
