"""Exclusivity: enforced when a conflicting grant is signed, never by `decide` (DECIDING 21).

The body's member `exclusive`: null, or `{"uses": ["infer.voice"], "until": "…Z", "territories": ["DE"]}`;
without territories it holds everywhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from consent.core.constraints.term import read_instant
from consent.core.term_error import TermError, check_members, read_set
from consent.core.terms import GrantTerms
from consent.core.territories import WORLD, RegionSet, is_region
from consent.core.uses import FAMILIES, USES, selects


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusive:
    """What one licensee has alone, until when, and where."""

    uses: frozenset[str]
    until: datetime
    territories: frozenset[str]

    @classmethod
    def from_body(cls, document: object) -> "Exclusive | None":
        """Read the grant's member `exclusive`.

        Raises:
            TermError: it is neither null nor of the form above.
        """
        if document is None:
            return None
        if not isinstance(document, Mapping):
            raise TermError("", "type", "null or an object", document)
        members: Mapping[str, Any] = document
        check_members(members, required=("uses", "until"), optional=("territories",))
        names = frozenset(USES) | FAMILIES
        uses = read_set(members, "uses", accepts=names.__contains__, expected="documented uses")
        until = read_instant(members, "until")
        assert until is not None  # the member is required
        territories = frozenset({WORLD})
        if "territories" in members:
            territories = read_set(members, "territories", accepts=is_region, expected="ISO 3166 codes")
        return cls(uses=uses, until=until, territories=territories)

    def conflicts_with(self, other: GrantTerms, *, at: datetime) -> bool:
        """Say whether another licensee's terms, signed at `at`, would use what is exclusive."""
        if at >= self.until or other.valid_from >= self.until:
            return False
        regions = RegionSet(self.territories)
        return any(
            self._takes_use(line.uses)
            and any(regions.overlaps(code) for code in _allowed_regions(line.tagged))
            for line in other.lines
        )

    def _takes_use(self, names: frozenset[str]) -> bool:
        return any(selects(ours, theirs) or selects(theirs, ours) for ours in self.uses for theirs in names)


def _allowed_regions(tagged: Mapping[str, Any]) -> frozenset[str]:
    territory = tagged.get("territory")
    return frozenset({WORLD}) if territory is None else territory.allow.codes
