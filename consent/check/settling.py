"""From a decision to one that stands: what an allow counts is counted first, once a nonce (DESIGN §8).

How much of a counter is used is never believed from memory: what memory says only leads the first guess, and the
conditional update on the primary, or a block reserved by one, has the last word.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Final

from django.db import close_old_connections
from msgspec import structs

from consent.check.caller import OrganizationCaller
from consent.check.decided import denied
from consent.check.limits.counting import Counting
from consent.core.asked import Asked
from consent.core.counting import CounterClaim, CounterKey
from consent.core.decision import Decision
from consent.core.facts import Facts, GrantFacts
from consent.core.policy import decide
from consent.core.reasons import Reason
from consent.registry.errors import CounterExhausted, NonceSpent
from consent.registry.operations.consume_counters import CounterName, name_of

MAX_TURNS: Final = 8  # counters of one question that are found full one after the other; then it is denied
_COUNTED = frozenset({Reason.MAX_OUTPUTS, Reason.RATE})
_FULL: Final = 1 << 62  # more than any limit


def settle(
    asked: Asked,
    facts: Facts,
    at: datetime,
    *,
    caller: OrganizationCaller,
    nonce: str | None,
    counting: Counting,
) -> Decision:
    """Decide, and count what the allow consumes, in a short transaction of its own or from a block.

    Raises:
        NonceSpent: the nonce was used for another question.
    """
    decision = decide(asked, facts, at)
    if not _is_counted(decision):
        return _lasting(decision)
    return _settle_counted(asked, facts, at, decision, caller=caller, nonce=nonce, counting=counting)


def settle_alike(asked: Asked, facts: Facts, at: datetime) -> Decision | None:
    """The decision for any number of askings, where nothing is counted; None where each has to be settled."""
    decision = decide(asked, facts, at)
    return None if _is_counted(decision) else _lasting(decision)


def _is_counted(decision: Decision) -> bool:
    """Whether the answer hangs on a count: of this allow, or the one that stands against it."""
    return bool(decision.claims) if decision.allowed else not _COUNTED.isdisjoint(decision.reasons)


def _lasting(decision: Decision) -> Decision:
    """An allow only if it lasts a second."""
    return denied(decision, Reason.TERM) if decision.allowed and decision.valid_for_s < 1 else decision


def _settle_counted(
    asked: Asked,
    facts: Facts,
    at: datetime,
    decision: Decision,
    *,
    caller: OrganizationCaller,
    nonce: str | None,
    counting: Counting,
) -> Decision:
    """Try what would be allowed, until something could be counted or nothing is left.

    A deny for a count is decided again as if nothing were counted: others may have given back what they had
    reserved, and a repeat whose own count is what fills the counter is the allow that it was.
    """
    close_old_connections()  # as Django does at the beginning of a request; the lane's has none
    full: set[CounterName] = set()
    spent: NonceSpent | None = None
    tried = decision if decision.allowed else decide(asked, _with_usage(facts, full), at)
    for _ in range(MAX_TURNS):
        if not tried.allowed or tried.valid_for_s < 1:
            break
        try:
            counting.count(tried.claims, caller=caller, nonce=nonce)
        except CounterExhausted as exc:
            full.update(name_of(claim) for claim in tried.claims if _is_of(claim, exc))
        except NonceSpent as exc:
            # It may have been counted on another line, while this one was full.
            spent = exc
            full.update(name_of(claim) for claim in tried.claims)
        else:
            return tried
        tried = decide(asked, _with_usage(facts, full), at)
    if spent is not None and decision.allowed:
        raise spent
    if not decision.allowed:
        return decision
    return (
        _lasting(tried) if not tried.allowed or tried.valid_for_s < 1 else denied(tried, Reason.MAX_OUTPUTS)
    )


def _is_of(claim: CounterClaim, exc: CounterExhausted) -> bool:
    return (exc.grant, exc.line, exc.kind) == (claim.grant, claim.line, claim.kind)


def _with_usage(facts: Facts, full: Collection[CounterName]) -> Facts:
    """The facts as if nothing were counted but these counters, which are full."""
    return structs.replace(
        facts,
        subjects=tuple(
            replace(subject, grants=tuple(_grant(grant, full) for grant in subject.grants))
            for subject in facts.subjects
        ),
    )


def _grant(grant: GrantFacts, full: Collection[CounterName]) -> GrantFacts:
    if grant.usage is None:
        return grant  # not at hand, so `needs_online`
    usage = {CounterKey(each.line, each.kind, each.day): _FULL for each in full if each.grant == grant.grant}
    return replace(grant, usage=usage)
