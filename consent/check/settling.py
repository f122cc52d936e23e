"""From a decision to one that stands: what an allow counts is counted first, once a nonce (DESIGN §8)."""

from dataclasses import replace
from datetime import datetime

from consent.check.caller import OrganizationCaller
from consent.check.decided import denied
from consent.core.asked import Asked
from consent.core.decision import Decision
from consent.core.facts import Facts
from consent.core.ids import new_id
from consent.core.policy import decide
from consent.core.reasons import Reason
from consent.registry.errors import CounterExhausted, NonceSpent
from consent.registry.operations.consume_counters import consume_counters
from consent.registry.ports import RegistryPorts

_COUNTED = frozenset({Reason.MAX_OUTPUTS, Reason.RATE})


def settle(
    asked: Asked,
    facts: Facts,
    at: datetime,
    *,
    caller: OrganizationCaller,
    nonce: str | None,
    ports: RegistryPorts,
) -> Decision:
    """Decide, and count what the allow consumes, in a short transaction of its own.

    Raises:
        NonceSpent: the nonce was used for another question.
    """
    decision = decide(asked, facts, at)
    if nonce is not None and not decision.allowed and _COUNTED.issuperset(decision.reasons):
        return _counted_before(asked, facts, at, decision, caller=caller, nonce=nonce, ports=ports)
    return _count(decision, caller=caller, nonce=nonce, ports=ports)


def _count(
    decision: Decision, *, caller: OrganizationCaller, nonce: str | None, ports: RegistryPorts
) -> Decision:
    """An allow only if it lasts a second, and if what it counts could be counted."""
    if not decision.allowed:
        return decision
    if decision.valid_for_s < 1:
        return denied(decision, Reason.TERM)
    try:
        consume_counters(
            ports,
            livemode=caller.livemode,
            organization=caller.organization,
            nonce=nonce or new_id("req", random=ports.log.random),
            claims=decision.claims,
        )
    except CounterExhausted as exc:
        return denied(decision, Reason(exc.kind))
    return decision


def _counted_before(
    asked: Asked,
    facts: Facts,
    at: datetime,
    decision: Decision,
    *,
    caller: OrganizationCaller,
    nonce: str,
    ports: RegistryPorts,
) -> Decision:
    """A repeat whose own count is what fills the counter is the allow that it was.

    Decided as if nothing were counted, it claims what the first one did. The conditional update then
    finds this nonce, or the full counter: nothing is ever counted beyond a limit.
    """
    unused = replace(
        facts,
        subjects=tuple(
            replace(
                subject,
                grants=tuple(
                    grant if grant.usage is None else replace(grant, usage={}) for grant in subject.grants
                ),
            )
            for subject in facts.subjects
        ),
    )
    try:
        settled = _count(decide(asked, unused, at), caller=caller, nonce=nonce, ports=ports)
    except NonceSpent:
        return decision
    return settled if settled.allowed else decision
