"""end_user_age: end users are assured to be adults, where the terms or the nature of the use ask for it.

Required for adult tiers, for the purpose companion and for `infer.chat-persona`, whatever the terms
say (DECIDING 12); beyond that where `end_users.age_assured` is true. Judged on every line.
"""

from dataclasses import dataclass

from consent.core.asked import Asked
from consent.core.constraints.base import PASS, Constraint, Scene, Verdict, constraint, deny, missing
from consent.core.reasons import Reason


@constraint(kind="end_user_age", tag=8, since="2026-11")
@dataclass(frozen=True, slots=True, kw_only=True)
class EndUserAge(Constraint):
    """`demanded`: the line's own terms ask for it."""

    demanded: bool

    @property
    def passes_plain(self) -> bool:
        """A plain question needs no age by its nature."""
        return not self.demanded

    def evaluate(self, asked: Asked, scene: Scene) -> Verdict:
        """Judge what the question says of its end users' age."""
        if not (asked.needs_age or self.demanded) or asked.end_user_age_assured is True:
            return PASS
        if asked.end_user_age_assured is None:
            return missing("end_user_age_assured")
        return deny(Reason.END_USER_AGE)
