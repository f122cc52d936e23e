"""The answer to a question, as a value."""

from enum import StrEnum

import msgspec

from consent.core.counting import CounterClaim
from consent.core.reasons import Reason


class Outcome(StrEnum):
    """There are two, and nothing between them."""

    ALLOW = "allow"
    DENY = "deny"


class Decision(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What `decide` answers.

    `grants`: on allow, the grant used for each performer, sorted. `reasons` in their fixed order; on
    allow none, or `fictional_persona` with the `attester` who vouched for it. `missing`: attributes
    to send, sorted. `obligations` sorted. `claims`: what the caller has to count before it may answer
    allow. `valid_for_s`: for how long a receipt of it may run, whole seconds.
    """

    outcome: Outcome
    grants: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()
    missing: tuple[str, ...] = ()
    next_step: str | None = None
    obligations: tuple[str, ...] = ()
    claims: tuple[CounterClaim, ...] = ()
    valid_for_s: int
    attester: str | None = None

    @property
    def allowed(self) -> bool:
        """Whether the answer is allow."""
        return self.outcome is Outcome.ALLOW
