"""What this machine answered: a decision like the registry's, without a record there."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import ClassVar, Protocol

import msgspec

from consent.client.decision import Decision
from consent.client.errors import UnreliableAnswer
from consent.client.local.freshness import Freshness
from consent.client.signed_receipt import SignedReceipt
from consent.core import decision as core
from consent.core.asked import Asked
from consent.core.instants import format_instant


class Desk(Protocol):
    """Where it was decided, and how to ask the registry itself."""

    @property
    def livemode(self) -> bool:
        """Whether it is of the live side."""

    def ask_online(self, asked: Asked) -> Decision:
        """The registry's own decision with its signed receipt."""


class LocalDecision(msgspec.Struct, frozen=True, eq=False):
    """An `allow` or a `deny`, decided here on the registry's own facts. True only when allowed.

    Its members are those of `Decision`. `decision_id` is None, for the registry keeps no record of it; `receipt()`
    asks the registry the same question again. `valid_until` is on the registry's clock, and never later than the
    facts may be relied on. (`judged`, `question`, `fresh` and `desk` are what they are worked out from.)
    """

    judged: core.Decision
    question: Asked
    fresh: Freshness
    decided_at: datetime  # the registry's time, at most
    desk: Desk
    explanation: Mapping[str, object] | None = None

    decision_id: ClassVar[None] = None

    def __bool__(self) -> bool:
        return self.judged.outcome is core.Outcome.ALLOW

    def __repr__(self) -> str:
        reasons = f": {', '.join(self.reasons)}" if self.reasons else ""
        return f"LocalDecision({self.outcome}{reasons}, asked={self.asked!r})"

    @property
    def allowed(self) -> bool:
        """Whether the answer is allow."""
        return self.judged.outcome is core.Outcome.ALLOW

    @property
    def outcome(self) -> str:
        """`allow` or `deny`."""
        return self.judged.outcome.value

    @property
    def livemode(self) -> bool:
        """Whether it is of the live side."""
        return self.desk.livemode

    @property
    def asked(self) -> Mapping[str, object]:
        """The completed question: all that an allow authorises."""
        return self.question.to_json()

    @property
    def grants(self) -> tuple[str, ...]:
        """On allow, the grants used."""
        return self.judged.grants

    @property
    def reasons(self) -> tuple[str, ...]:
        """Stable codes, in their fixed order."""
        return tuple(reason.value for reason in self.judged.reasons)

    @property
    def missing(self) -> tuple[str, ...]:
        """What the question left out."""
        return self.judged.missing

    @property
    def next_step(self) -> str | None:
        """What would help, in words."""
        return self.judged.next_step

    @property
    def obligations(self) -> tuple[str, ...]:
        """What an allowed user must do."""
        return self.judged.obligations

    @property
    def position(self) -> str:
        """How far the registry's history was known here."""
        return self.fresh.position

    @property
    def as_of(self) -> datetime:
        """The registry's time of the facts."""
        return self.fresh.as_of

    @property
    def valid_until(self) -> datetime:
        """Until when it may be acted on: as long as the consent and these facts last, on the registry's clock."""
        fresh = self.fresh
        until = fresh.until_output if self.question.is_output else fresh.until_other
        facts_last = fresh.latest(until)
        return min(self.decided_at + timedelta(seconds=self.judged.valid_for_s), facts_last)

    def holds(self, at: datetime) -> bool:
        """Whether it may still be acted upon at this instant of the registry's clock."""
        return at < self.valid_until

    def online(self) -> Decision:
        """The registry's own decision on the same question, asked now, with its signed receipt.

        Raises:
            Unavailable: no answer to rely on could be had.
            BadRequest: the key may not ask.
        """
        return self.desk.ask_online(self.question)

    def receipt(self) -> SignedReceipt:
        """The signed receipt of the registry's own decision, asked now.

        Raises:
            Unavailable: it cannot be had, or the registry now decides otherwise than was decided here.
        """
        decision = self.online()
        if decision.allowed != self.allowed:
            raise UnreliableAnswer(
                f"this machine said {self.outcome}, the registry now says {decision.outcome}: "
                "the consent has changed since; ask again"
            )
        return decision.receipt()

    def to_json(self) -> dict[str, object]:
        """The decision as `--json` prints it."""
        return {
            "decision": self.outcome,
            "decision_id": None,
            "local": True,
            "livemode": self.livemode,
            "asked": dict(self.asked),
            "grants": list(self.grants),
            "reasons": list(self.reasons),
            "missing": list(self.missing),
            "next_step": self.next_step,
            "obligations": list(self.obligations),
            "position": self.position,
            "as_of": self.as_of.isoformat().replace("+00:00", "Z"),
            "valid_until": format_instant(self.valid_until),
            **({"explanation": dict(self.explanation)} if self.explanation is not None else {}),
        }
