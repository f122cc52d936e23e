"""Obligations: what an allowed user must do (DECIDING 26; SHAPES "Obligations").

They are attached to answers about `infer.*`, `edit.*` and `publish.*`. One that a grant demands and
the asking key has not declared it can meet denies `obligation_unmet`. A law may add one by itself
(`by_law`): that one is told, and is no condition of the performer's.
"""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import Final

from consent.core.asked import Asked

OBLIGATIONS: Final = frozenset(
    {
        "label.visible",
        "label.audible",
        "mark.c2pa",
        "mark.watermark",
        "disclose.ad",
        "disclose.ny_synthetic_performer",
        "label.cn_gb45438",
        "report.usage",
        "age_assured_end_users",
        "review.sampled",
        "review.before_publish",
    }
)

_NONE: Final[frozenset[str]] = frozenset()


def due(asked: Asked, demanded: Iterable[frozenset[str]]) -> tuple[str, ...]:
    """What the grants used demand, and what the law of the region adds, sorted."""
    every = by_law(purpose=asked.purpose, territory=asked.territory, modalities=asked.modalities or _NONE)
    for each in demanded:
        every = every | each if every else each
    return _sorted(every)


@lru_cache(maxsize=1024)  # sets of documented words: grants say few different ones
def _sorted(words: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(words))


def by_law(*, purpose: str | None, territory: str | None, modalities: AbstractSet[str]) -> frozenset[str]:
    """What the law of the region asked adds, whatever the grant says.

    NY GBL 396-b (2026): an advertisement with a synthetic performer says so; audio-only ones need not.
    China, GB 45438-2025: synthetic content carries the label of that standard.
    """
    if territory is None:
        return _NONE
    if territory == "CN" or territory.startswith("CN-"):
        return frozenset({"label.cn_gb45438"})
    reaches_new_york = territory in ("US", "US-NY", "WORLD")
    if reaches_new_york and purpose == "advertise" and not modalities <= {"voice"}:
        return frozenset({"disclose.ny_synthetic_performer"})
    return _NONE
