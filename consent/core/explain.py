"""explain: every grant and constraint considered, each with its verdict, from the code that decides.

It shows a licensee only what it may see: its own grants, and *active, paused, ended* (DECIDING 30).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from consent.core.asked import Asked
from consent.core.constraints import Verdict
from consent.core.decision import Decision
from consent.core.facts import Facts, GrantFacts, ends_at
from consent.core.policy import decide
from consent.core.states import GrantState, licensee_view


@dataclass(frozen=True, slots=True, kw_only=True)
class ConstraintView:
    """One constraint of one line, and what it said: pass, or a reason, or what it missed."""

    grant: str
    line: str
    constraint: str
    reason: str | None
    missing: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantView:
    """One grant as its licensee may see it."""

    grant: str
    state: str
    terms: dict[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The decision, the grants it could look at, and every constraint it judged, in order of judging."""

    decision: Decision
    grants: tuple[GrantView, ...]
    constraints: tuple[ConstraintView, ...]

    def to_json(self) -> dict[str, Any]:
        """A plain JSON value for the answer's `explanation`."""
        return {
            "grants": [
                {"grant": each.grant, "state": each.state}
                | ({} if each.terms is None else {"terms": each.terms})
                for each in self.grants
            ],
            "constraints": [
                {
                    "grant": each.grant,
                    "line": each.line,
                    "constraint": each.constraint,
                    "verdict": each.reason or "pass",
                }
                | ({} if each.missing is None else {"missing": each.missing})
                for each in self.constraints
            ],
        }


def explain(asked: Asked, facts: Facts, at: datetime) -> Explanation:
    """Decide and tell how. A recipient sees the grants that name it, without their terms."""
    seen: list[ConstraintView] = []

    def watch(grant: str, line: str, kind: str, verdict: Verdict) -> None:
        seen.append(
            ConstraintView(
                grant=grant,
                line=line,
                constraint=kind,
                reason=None if verdict.reason is None else verdict.reason.value,
                missing=verdict.missing,
            )
        )

    decision = decide(asked, facts, at, watch=watch)
    own = facts.caller == facts.licensee
    views = {
        grant.grant: _view(grant, at, own=own)
        for subject in facts.subjects
        if subject.known
        for grant in subject.grants
        if own or facts.caller in grant.terms.recipients
    }
    return Explanation(
        decision=decision,
        grants=tuple(views[name] for name in sorted(views)),
        constraints=tuple(seen),
    )


def _view(grant: GrantFacts, at: datetime, *, own: bool) -> GrantView:
    state = licensee_view(grant.state)
    if grant.state in (GrantState.ACTIVE, GrantState.SUSPENDED) and at >= ends_at(grant):
        state = "ended"
    return GrantView(grant=grant.grant, state=state, terms=grant.terms.to_json() if own else None)
