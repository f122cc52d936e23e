"""From a question to a decision on this machine, with the registry's own `decide`."""

from datetime import datetime

import msgspec

from consent.client.local.compiled import Known
from consent.client.local.decision import LocalDecision
from consent.client.local.freshness import Freshness
from consent.core.asked import Asked
from consent.core.decision import Decision, Outcome
from consent.core.explain import explain
from consent.core.next_steps import next_step
from consent.core.policy import decide
from consent.core.reasons import Reason

_ALLOW = Outcome.ALLOW


def decide_locally(asked: Asked, known: Known, fresh: Freshness, now: float, at: datetime) -> Decision:
    """Decide on facts that are fresh at `now`, an instant of the boot clock, which is `at` the registry at the latest.

    What ends is judged at the latest instant that it may be at the registry, what begins at the earliest.
    """
    decision = decide(asked, known.facts, at)
    if decision.outcome is _ALLOW and (
        decision.claims or decision.valid_for_s < 1 or known.begins > fresh.as_of_earliest
    ):
        return _doubted(decision, asked, known, fresh.earliest(now))
    return decision


def needs_online() -> Decision:
    """The deny of a question that only the registry can decide: by persona or model."""
    return _denied(Reason.NEEDS_ONLINE, 1)


def explained(decision: LocalDecision, known: Known) -> LocalDecision:
    """The same with every grant and constraint that was considered."""
    shown = explain(decision.question, known.facts, decision.decided_at)
    return msgspec.structs.replace(decision, explanation=shown.to_json())


def _doubted(decision: Decision, asked: Asked, known: Known, earliest: datetime) -> Decision:
    """An allow if it lasts a second, counts nothing, and has surely begun; else the deny in its place."""
    if decision.claims:
        return _denied(Reason.NEEDS_ONLINE, decision.valid_for_s)
    if decision.valid_for_s < 1:
        return _denied(Reason.TERM, 1)
    if known.begins <= earliest:
        return decision
    early = decide(asked, known.facts, earliest)
    return decision if early.outcome is _ALLOW else early


def _denied(reason: Reason, valid_for_s: int) -> Decision:
    return Decision(
        outcome=Outcome.DENY,
        reasons=(reason,),
        next_step=next_step((reason,), ()),
        valid_for_s=max(valid_for_s, 1),
    )
