"""Prohibitions, in a grant and in a performer's limits: lists of selectors (SPEC §4.4)."""

from signing.bodies.fields import fail, open_value, sequence
from signing.canonical import JSON

MAX_PROHIBITIONS = 64
MAX_LIMITS = 256


def _selectors(value: JSON, pointer: str) -> None:
    """An object of selectors. An unknown one is well formed: whoever decides must then deny (DECIDING 16)."""
    if not isinstance(value, dict):
        fail("not an object", pointer, "type", "an object")
    open_value(1)(value, pointer)


prohibitions = sequence(_selectors, longest=MAX_PROHIBITIONS)
limits = sequence(_selectors, longest=MAX_LIMITS)
