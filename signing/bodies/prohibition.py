"""Prohibitions, in a grant and in a performer's limits: lists of selectors (SPEC §4.4)."""

from signing.bodies.fields import open_object, sequence

MAX_PROHIBITIONS = 64
MAX_LIMITS = 256

# An unknown selector is well formed: whoever decides must then deny (DECIDING 16).
_selectors = open_object(1)

prohibitions = sequence(_selectors, longest=MAX_PROHIBITIONS)
limits = sequence(_selectors, longest=MAX_LIMITS)
