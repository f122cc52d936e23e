"""The form of a value in words: to machines it is a regular expression, to people what a refusal says."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, get_args, get_type_hints

import msgspec

_TOLD = "told"


def in_words(told: str) -> dict[str, Any]:
    """The `extra` of a `Meta` with a pattern: what is expected, as a refusal says it."""
    return {_TOLD: told}


@cache
def words_of(kind: type[msgspec.Struct]) -> Mapping[str, str]:
    """What each member of a struct expects, where that was said in words."""
    hints = get_type_hints(kind, include_extras=True)
    return {name: told for name, hint in hints.items() for told in _told(hint)}


def _told(hint: object) -> Iterator[str]:
    for part in get_args(hint):
        if isinstance(part, msgspec.Meta):
            if part.extra and _TOLD in part.extra:
                yield part.extra[_TOLD]
        else:
            yield from _told(part)
