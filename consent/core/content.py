"""Content: ordered tiers, adult terms and the tier each implies, themes, permanent denies.

Nudity and above are adult, and so is every `fetish:` term; each adult tier and term is listed by
itself (DECIDING 6). `suggestive` is an opt-in, not adult. The permanent denies cannot be listed
and nobody can switch them on (DECIDING 7).
"""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import Final

TIERS: Final = ("general", "suggestive", "nudity", "explicit-solo", "explicit-partnered")
TIER_RANK: Final = {tier: rank for rank, tier in enumerate(TIERS)}
ADULT_RANK: Final = TIER_RANK["nudity"]
ADULT_TIERS: Final = frozenset(tier for tier, rank in TIER_RANK.items() if rank >= ADULT_RANK)
PARTNERED: Final = "explicit-partnered"

# An adult term and the lowest tier that a request naming it must ask for. The list is closed, so
# that no permanent deny comes back under another name.
ADULT_TERMS: Final = {
    "nudity": "nudity",
    "explicit-solo": "explicit-solo",
    "explicit-partnered": "explicit-partnered",
    "fetish:feet": "nudity",
    "fetish:hosiery": "nudity",
    "fetish:latex": "nudity",
    "fetish:leather": "nudity",
    "fetish:lingerie": "nudity",
    "fetish:uniform": "nudity",
    "fetish:domination": "explicit-solo",
    "fetish:rope": "explicit-solo",
    "fetish:toys": "explicit-solo",
    "fetish:group": "explicit-partnered",
}

# Denied in every adult tier, for everybody, for good (law page B.4; criminal in several markets).
PERMANENT_DENIES: Final = frozenset(
    {"minor-portrayal", "age-play", "incest", "non-consent-theme", "strangulation", "bestiality"}
)
MINOR_PORTRAYAL: Final = "minor-portrayal"  # denied in every tier above general (DECIDING 7)
ALLOWABLE_THEMES: Final = frozenset(
    {
        "hate",
        "self-harm",
        "real-third-party",
        "political-endorsement",
        "medical-advice",
        "financial-solicitation",
    }
)
THEMES: Final = PERMANENT_DENIES | ALLOWABLE_THEMES
SCENE_PARTNERS: Final = frozenset({"none", "consenting_registered", "synthetic_only"})


def implied_rank(adult_terms: Iterable[str]) -> int:
    """The rank of the highest tier that these terms imply; an unknown term implies the highest."""
    return max(
        (TIER_RANK[ADULT_TERMS.get(term, PARTNERED)] for term in adult_terms),
        default=0,
    )


def is_prohibited(*, rank: int, themes: AbstractSet[str]) -> bool:
    """Say whether a permanent deny forbids these themes at the tier of `rank`."""
    if rank >= ADULT_RANK:
        return not PERMANENT_DENIES.isdisjoint(themes)
    return rank > 0 and MINOR_PORTRAYAL in themes
