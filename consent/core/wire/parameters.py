"""Query parameters: typed, bounded, known. A parameter that nobody documents is refused, as a member is."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

import msgspec

from consent.core.wire.decode import convert
from consent.core.wire.errors import WireError
from consent.core.wire.in_words import words_of
from consent.core.wire.problem import parameter_fault

_BY_PATTERN = "str matching regex"
T = TypeVar("T", bound=msgspec.Struct)


def read_parameters(given: Iterable[tuple[str, Sequence[object]]], kind: type[T]) -> T:
    """The typed query; `given` are names with every value that was sent.

    Raises:
        ApiError: an unknown, missing or repeated parameter, or a value outside its bounds.
    """
    values: dict[str, str] = {}
    known = set(kind.__struct_fields__)
    for name, sent in given:
        shown = name[:60]
        if name not in known:
            raise parameter_fault(
                shown, "parameter_known", ", ".join(sorted(known)) or "no parameters", shown
            )
        if len(sent) != 1:
            raise parameter_fault(name, "parameter_once", "one value", f"{len(sent)} values")
        values[name] = str(sent[0])
    try:
        return convert(values, kind, strict=False)
    except WireError as exc:
        name = exc.pointer[1:]
        if not exc.expected.startswith(_BY_PATTERN):
            raise parameter_fault(name, exc.rule, exc.expected, exc.got) from exc
        expected = words_of(kind).get(name, "a value of the documented form")
        raise parameter_fault(name, exc.rule, expected, ascii(values[name])) from exc
