"""Modalities: what of a person is used. A question about several joins them: `face+body+motion`."""

from functools import lru_cache
from typing import Final

# The order in which several are joined. `full-likeness` is dropped (DECIDING 4).
MODALITIES: Final = ("voice", "face", "body", "motion", "name", "signature", "text-persona")


def split_modalities(text: str | None) -> frozenset[str] | None:
    """The single modalities of `text`; nothing if it is absent, unknown, repeated or out of order."""
    return None if text is None else _split(text)


@lru_cache(maxsize=256)
def _split(text: str) -> frozenset[str] | None:
    parts = text.split("+")
    if [m for m in MODALITIES if m in parts] != parts:
        return None
    return frozenset(parts)
