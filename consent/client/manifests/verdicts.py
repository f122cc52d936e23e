"""What a scan says of rows: one verdict per group of rows that ask the same question."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from consent.client.decision import Decision, Undecided
from consent.client.local.decision import LocalDecision

UNKNOWN_SUBJECT_REASON = "performer_unknown"


class Verdict(StrEnum):
    """The closed list of what a row may be. Only `allow` lets it be used."""

    ALLOW = "allow"
    DENY = "deny"
    UNKNOWN_SUBJECT = "unknown subject"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Rows that ask one question: what was asked, how many they are, and the answer.

    `asked` is the completed question, or the one that could not be asked; `why` is set for invalid ones.
    """

    number: int
    asked: Mapping[str, object]
    rows: int
    verdict: Verdict
    reasons: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    next_step: str | None = None
    obligations: tuple[str, ...] = ()
    decision_id: str = ""
    receipt: str = ""
    why: str = ""

    @property
    def subject(self) -> str:
        """Whom the rows are of, for a table."""
        for name in ("performer", "performers", "persona", "model", "grant"):
            if value := self.asked.get(name):
                return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        return "nobody"

    def to_json(self) -> dict[str, object]:
        """The group as the report file holds it; empty members are left out."""
        whole: dict[str, object] = {
            "question": self.number,
            "verdict": self.verdict.value,
            "rows": self.rows,
            "asked": dict(self.asked),
            "reasons": list(self.reasons),
            "missing": list(self.missing),
            "next_step": self.next_step,
            "obligations": list(self.obligations),
            "decision_id": self.decision_id,
            "receipt": self.receipt,
            "why": self.why,
        }
        return {name: value for name, value in whole.items() if value not in (None, "", [])}


def group_of(
    answer: Decision | LocalDecision | Undecided,
    *,
    number: int,
    rows: int,
    question: Mapping[str, object],
    receipt: str,
) -> Group:
    """The group of rows that asked `question`."""
    if isinstance(answer, Undecided):
        why = str(answer.problem)
        return Group(number=number, asked=question, rows=rows, verdict=Verdict.INVALID, why=why)
    if answer.allowed:
        verdict = Verdict.ALLOW
    elif UNKNOWN_SUBJECT_REASON in answer.reasons:
        verdict = Verdict.UNKNOWN_SUBJECT
    else:
        verdict = Verdict.DENY
    return Group(
        number=number,
        asked=answer.asked,
        rows=rows,
        verdict=verdict,
        reasons=answer.reasons,
        missing=answer.missing,
        next_step=answer.next_step,
        obligations=answer.obligations,
        decision_id=answer.decision_id or "",
        receipt=receipt,
    )
