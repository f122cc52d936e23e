"""Regions of the world: ISO 3166-1 alpha-2, ISO 3166-2, and the word WORLD (DECIDING 8).

The codes are package data (`data/iso3166.json`, which names its source); nested subdivisions, such
as the French departments in their regions, are known, so that an overlap is never missed.
"""

import json
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


def enclosing(code: str) -> tuple[str, ...]:
    """The region itself and every one that wholly contains it, short of WORLD."""
    if "-" not in code:
        return (code,)
    chain = [code]
    while (parent := _PARENT.get(chain[-1])) is not None and parent not in chain:
        chain.append(parent)
    chain.append(code[:2])
    return tuple(chain)
