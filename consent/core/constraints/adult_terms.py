"""adult_terms: each adult tier and term is listed by itself, and the scene's partners are as agreed.

`{"kind": "adult_terms", "v": 1, "terms": ["explicit-solo", "fetish:latex", "nudity"],
"scene_partners": "none"}`. Partners are further performers of the question: they need
`consenting_registered`; `explicit-partnered` of one performer needs `synthetic_only` (DECIDING 6).
Narrower: fewer terms; a different `scene_partners` is neither wider nor narrower.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from consent.core import content
from consent.core.asked import Asked
from consent.core.constraints.base import PASS, Constraint, Scene, Verdict, constraint, deny
from consent.core.reasons import Reason
from consent.core.term_error import check_members, read_set, read_word


@constraint(kind="adult_terms", tag=13, since="2026-11")
@dataclass(frozen=True, slots=True, kw_only=True)
class AdultTerms(Constraint):
    """Which adult tiers and terms, and with whom."""

    terms: frozenset[str]
    scene_partners: str

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> "AdultTerms":
        """Read the members beside kind and v."""
        check_members(document, required=("terms", "scene_partners"))
        expected = "one of " + ", ".join(sorted(content.ADULT_TERMS))
        return cls(
            terms=read_set(document, "terms", accepts=content.ADULT_TERMS.__contains__, expected=expected),
            scene_partners=read_word(document, "scene_partners", words=content.SCENE_PARTNERS),
        )

    @property
    def passes_plain(self) -> bool:
        """A plain question is not adult."""
        return True

    def evaluate(self, asked: Asked, scene: Scene) -> Verdict:
        """Judge the adult terms asked and the number of performers in the scene."""
        if not asked.adult:
            return PASS
        if not self.terms.issuperset(asked.adult_terms):
            return deny(Reason.ADULT_TERMS)
        if scene.performers > 1:
            agreed = self.scene_partners == "consenting_registered"
        else:
            partnered = asked.content_tier == content.PARTNERED
            agreed = not partnered or self.scene_partners == "synthetic_only"
        return PASS if agreed else deny(Reason.ADULT_TERMS)
