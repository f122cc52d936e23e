"""What a line must state for each of its uses (SHAPES "What a line must state")."""

from typing import Final

from consent.core.uses import MODEL_MAKING, OUTPUT, VOICE_USES, Use

_EVERY: Final = frozenset({"modalities", "purposes", "territory", "content_max", "commercial"})
_RAW: Final = frozenset({"modalities", "purposes", "territory"})  # capture.* process.*
_RAW_FAMILIES: Final = frozenset({"capture", "process"})

COUNTERS: Final = frozenset({"max_outputs", "rate"})


def needed(use: Use) -> frozenset[str]:
    """The members of a line and kinds of constraint that `use` needs, adult tiers aside."""
    if use.family in _RAW_FAMILIES:
        return _RAW
    names = set(_EVERY)
    if use.family in MODEL_MAKING:
        names.add("base_model")
    if use.name in VOICE_USES:
        names.add("language")
    if use.family in OUTPUT:
        names.add("end_users")
    if use.family == "publish":
        names.add("max_outputs")
    return frozenset(names)
