"""Regions of the world: ISO 3166-1 alpha-2, ISO 3166-2, and the word WORLD (DECIDING 8).

The codes are package data (`data/iso3166.json`, which names its source); nested subdivisions, such
as the French departments in their regions, are known, so that an overlap is never missed.
"""

import json
from collections.abc import Iterable
from importlib import resources
from typing import Final

WORLD: Final = "WORLD"

# The member states for which `EU` in an offer stands; expanded before anybody signs.
EU_MEMBERS: Final = (
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU",
    "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
)  # fmt: skip
HINTS: Final = {
    "EU": "name the country asked; an offer may say EU and is expanded to its member states",
    "UK": "the code of the United Kingdom is GB",
    "EL": "the code of Greece is GR",
}

_DATA = json.loads(resources.files(__package__).joinpath("data/iso3166.json").read_bytes())
COUNTRIES: Final[dict[str, str]] = _DATA["countries"]
SUBDIVISIONS: Final[dict[str, str]] = {code: entry[0] for code, entry in _DATA["subdivisions"].items()}
_PARENT: Final[dict[str, str]] = {
    code: entry[1] for code, entry in _DATA["subdivisions"].items() if len(entry) > 1
}


def is_region(code: str) -> bool:
    """Say whether `code` is WORLD, a country or a subdivision of one."""
    return code == WORLD or code in COUNTRIES or code in SUBDIVISIONS


# Regions that ISO lists twice, as a country of their own and as a subdivision of another. They are
# one place where something is denied; where something is allowed, only the code named counts.
_TWICE: Final = {
    "AS": "US-AS", "GU": "US-GU", "MP": "US-MP", "PR": "US-PR", "UM": "US-UM", "VI": "US-VI",
    "BL": "FR-BL", "GF": "FR-973", "GP": "FR-971", "MF": "FR-MF", "MQ": "FR-972", "NC": "FR-NC",
    "PF": "FR-PF", "PM": "FR-PM", "RE": "FR-974", "TF": "FR-TF", "WF": "FR-WF", "YT": "FR-976",
    "HK": "CN-HK", "MO": "CN-MO", "TW": "CN-TW",
    "AW": "NL-AW", "CW": "NL-CW", "SX": "NL-SX", "AX": "FI-01",
}  # fmt: skip
_COUNTRY_OF: Final = {subdivision: country for country, subdivision in _TWICE.items()}


def enclosing(code: str) -> tuple[str, ...]:
    """The region itself and every one that wholly contains it, short of WORLD."""
    if "-" not in code:
        return (code,)
    chain = [code]
    while (parent := _PARENT.get(chain[-1])) is not None and parent not in chain:
        chain.append(parent)
    chain.append(code[:2])
    return tuple(chain)


def _touching(code: str) -> frozenset[str]:
    """`enclosing`, and the same place under its other code and what contains that."""
    found = set(enclosing(code))
    if code in _TWICE:
        found.update(enclosing(_TWICE[code]))
    found.update(_COUNTRY_OF[part] for part in enclosing(code) if part in _COUNTRY_OF)
    return frozenset(found)


class RegionSet:
    """A set of regions that answers the two questions of DECIDING 8: inside, and overlapping."""

    __slots__ = ("_around", "codes", "everywhere")

    def __init__(self, codes: Iterable[str]) -> None:
        self.codes = frozenset(codes)
        self.everywhere = WORLD in self.codes
        # Every region that one of the set lies in: asking for it asks for a part of the set too.
        self._around = frozenset(around for code in self.codes for around in _touching(code))

    def contains(self, code: str) -> bool:
        """Say whether the region lies wholly inside one region of the set."""
        if self.everywhere or code in self.codes:
            return True
        return "-" in code and any(around in self.codes for around in enclosing(code))

    def overlaps(self, code: str) -> bool:
        """Say whether the region and the set have any place in common."""
        if not self.codes:
            return False
        if self.everywhere or code == WORLD or code in self._around:
            return True
        return not self.codes.isdisjoint(_touching(code))
