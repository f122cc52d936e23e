"""The one error of terms, and strict reading of their members."""

from collections.abc import Callable, Mapping
from typing import Any, Final

_SHOWN_CHARS: Final = 60
MAX_SET: Final = 5000  # members of one set: source material is listed file by file


class TermError(ValueError):
    """A term breaks a rule; `pointer` is a JSON pointer relative to the term."""

    def __init__(self, pointer: str, rule: str, expected: str, got: object) -> None:
        shown = got if isinstance(got, str) else repr(got)
        self.pointer = pointer
        self.rule = rule
        self.expected = expected
        self.got = shown[:_SHOWN_CHARS]
        super().__init__(f"{pointer or '/'}: {rule}: expected {expected}, got {self.got}")

    def under(self, prefix: str) -> "TermError":
        """The same fault seen from an outer document."""
        return TermError(prefix + self.pointer, self.rule, self.expected, self.got)


def check_members(
    document: Mapping[str, Any], *, required: tuple[str, ...] = (), optional: tuple[str, ...] = ()
) -> None:
    """Refuse missing and unknown members."""
    for name in required:
        if name not in document:
            raise TermError(f"/{name}", "member_required", "a value", "nothing")
    known = {*required, *optional}
    for name in document:
        if name not in known:
            raise TermError(f"/{name}", "member_known", "one of " + ", ".join(sorted(known)), name)


def read_set(
    document: Mapping[str, Any], name: str, *, accepts: Callable[[str], bool], expected: str
) -> frozenset[str]:
    """A set of accepted strings: a list, not empty, nothing twice (DECIDING 2)."""
    values = document[name]
    if not isinstance(values, list | tuple):
        raise TermError(f"/{name}", "type", "a list", values)
    if not values:
        raise TermError(f"/{name}", "list_not_empty", "at least one, or no list", "an empty list")
    if len(values) > MAX_SET:
        raise TermError(f"/{name}", "list_length", f"at most {MAX_SET}", f"{len(values)}")
    for place, value in enumerate(values):
        if not isinstance(value, str) or not accepts(value):
            raise TermError(f"/{name}/{place}", "value", expected, value)
    found = frozenset(values)
    if len(found) != len(values):
        raise TermError(f"/{name}", "set_unique", "each value once", "a value twice")
    return found


def read_word(document: Mapping[str, Any], name: str, *, words: frozenset[str]) -> str:
    """One of a closed list of words."""
    value = document[name]
    if not isinstance(value, str) or value not in words:
        raise TermError(f"/{name}", "value", "one of " + ", ".join(sorted(words)), value)
    return value


def read_bool(document: Mapping[str, Any], name: str) -> bool:
    """True or false."""
    value = document[name]
    if not isinstance(value, bool):
        raise TermError(f"/{name}", "type", "true or false", value)
    return value


def read_integer(document: Mapping[str, Any], name: str, *, low: int, high: int) -> int:
    """A whole number from `low` to `high`, both included."""
    value = document[name]
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise TermError(f"/{name}", "integer", f"{low} to {high}", value)
    return value
