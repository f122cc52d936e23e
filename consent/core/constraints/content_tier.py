"""content_tier: the tier asked is at most the line's, each adult tier is listed, no term implies more.

The line's member `content_max`; adult tiers are listed in `adult_terms` (DECIDING 6). Judged on
every line. Narrower: a lower tier, fewer adult tiers listed.
"""

from dataclasses import dataclass

from consent.core.asked import Asked
from consent.core.constraints.base import PASS, Constraint, Scene, Verdict, constraint, deny
from consent.core.content import ADULT_RANK, implied_rank
from consent.core.reasons import Reason


@constraint(kind="content_tier", tag=12, since="2026-11")
@dataclass(frozen=True, slots=True, kw_only=True)
class ContentTier(Constraint):
    """Up to which tier, as a rank; `adult_listed` are the adult tiers and terms listed by themselves."""

    rank: int
    adult_listed: frozenset[str]

    @property
    def passes_plain(self) -> bool:
        """The lowest tier is in every line, and no term implies more."""
        return True

    def evaluate(self, asked: Asked, scene: Scene) -> Verdict:
        """Judge the tier asked."""
        if asked.rank > self.rank:
            return deny(Reason.CONTENT_TIER)
        if asked.adult_terms and implied_rank(asked.adult_terms) > asked.rank:
            return deny(Reason.CONTENT_TIER)
        if asked.rank >= ADULT_RANK and asked.content_tier not in self.adult_listed:
            return deny(Reason.CONTENT_TIER)
        return PASS
