"""Prohibitions: what a grant, or a performer's limits, never allow, whatever else is said.

A prohibition is an object of selectors; it reaches a question that all of its selectors reach:
`{"uses": ["edit.undress"]}`, `{"purposes": ["political", "religious"]}`,
`{"uses": ["infer"], "territories": ["US"]}`. A selector reaches wide: a family reaches all its uses,
a purpose reaches the flag of its name, a tier reaches every tier above it (a tier asked is an upper
bound of what is shown), a region reaches what overlaps it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from consent.core import content
from consent.core.asked import Asked
from consent.core.modalities import MODALITIES
from consent.core.purposes import FLAGS, PURPOSES
from consent.core.term_error import TermError, check_members, read_set
from consent.core.territories import RegionSet, is_region
from consent.core.uses import FAMILIES, USES, selects

SELECTORS: Final = (
    "uses",
    "modalities",
    "purposes",
    "flags",
    "content_tiers",
    "adult_terms",
    "themes",
    "territories",
)
_WORDS: Final[dict[str, frozenset[str]]] = {
    "uses": frozenset(USES) | FAMILIES,
    "modalities": frozenset(MODALITIES),
    "purposes": PURPOSES,
    "flags": frozenset(FLAGS),
    "content_tiers": frozenset(content.TIERS) - {"general"},
    "adult_terms": frozenset(content.ADULT_TERMS),
    "themes": content.THEMES,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Prohibition:
    """One prohibition; a selector that is None stands for no restriction of it."""

    uses: frozenset[str] | None
    modalities: frozenset[str] | None
    purposes: frozenset[str] | None
    flags: frozenset[str] | None
    lowest_rank: int | None
    adult_terms: frozenset[str] | None
    themes: frozenset[str] | None
    territories: RegionSet | None

    @classmethod
    def parse(cls, document: object) -> "Prohibition":
        """Read one prohibition; sets of words are closed.

        Raises:
            TermError: an unknown selector or word, an empty object or set.
        """
        if not isinstance(document, Mapping):
            raise TermError("", "type", "an object", document)
        members: Mapping[str, Any] = document
        check_members(members, optional=SELECTORS)
        if not members:
            raise TermError("", "member_required", "one selector at least", "none")
        sets = {
            name: read_set(
                members, name, accepts=words.__contains__, expected="one of " + ", ".join(sorted(words))
            )
            for name, words in _WORDS.items()
            if name in members
        }
        territories = None
        if "territories" in members:
            codes = read_set(members, "territories", accepts=is_region, expected="ISO 3166 codes or WORLD")
            territories = RegionSet(codes)
        tiers = sets.get("content_tiers")
        return cls(
            uses=sets.get("uses"),
            modalities=sets.get("modalities"),
            purposes=sets.get("purposes"),
            flags=sets.get("flags"),
            lowest_rank=min(content.TIER_RANK[tier] for tier in tiers) if tiers else None,
            adult_terms=sets.get("adult_terms"),
            themes=sets.get("themes"),
            territories=territories,
        )

    def names_use(self, asked: Asked) -> bool:
        """Say whether the prohibition names the use asked, by itself or by its family."""
        return self.uses is not None and any(selects(name, asked.use) for name in self.uses)

    def reaches(self, asked: Asked) -> bool | tuple[str, ...]:
        """True or False; or the attributes without which it cannot be told."""
        if not self._told_reach(asked):
            return False
        answers = (self._modality(asked), self._purpose(asked), self._territory(asked))
        if False in answers:
            return False
        return tuple(answer for answer in answers if isinstance(answer, str)) or True

    def _told_reach(self, asked: Asked) -> bool:
        """The selectors of which every question says enough."""
        return (
            (self.uses is None or self.names_use(asked))
            and (self.lowest_rank is None or asked.rank >= self.lowest_rank)
            and (self.adult_terms is None or not self.adult_terms.isdisjoint(asked.adult_terms))
            and (self.themes is None or not self.themes.isdisjoint(asked.themes))
            and (self.flags is None or not self.flags.isdisjoint(asked.all_flags))
        )

    def _modality(self, asked: Asked) -> bool | str:
        if self.modalities is None:
            return True
        if asked.modalities is None:
            return "modality"
        return not self.modalities.isdisjoint(asked.modalities)

    def _purpose(self, asked: Asked) -> bool | str:
        if self.purposes is None or not self.purposes.isdisjoint(asked.all_flags):
            return True
        return "purpose" if asked.purpose is None else asked.purpose in self.purposes

    def _territory(self, asked: Asked) -> bool | str:
        if self.territories is None:
            return True
        return "territory" if asked.territory is None else self.territories.overlaps(asked.territory)
