"""What text may be kept: the rule of signed bodies, since most of it ends up in one."""

from consent.registry.errors import Invalid
from signing.bodies.fields import text
from signing.errors import MalformedError


def is_storable(value: str) -> bool:
    """PostgreSQL text has no U+0000, and UTF-8 has no lone surrogates."""
    if "\x00" in value:
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def required(value: str, pointer: str, *, max_chars: int, lines: bool = False) -> str:
    """A text that could stand in a signed body; line feeds only with `lines`.

    What was sent is not repeated in the error: it may be a name.

    Raises:
        Invalid: empty, too long, not NFC, blank at an end, or with control or reordering characters.
    """
    try:
        text(max_chars, lines=lines)(value, pointer)
    except MalformedError as exc:
        raise Invalid(exc.message, pointer=exc.pointer, rule=exc.rule, expected=exc.expected) from exc
    if not is_storable(value):
        raise Invalid(pointer=pointer, rule="text", expected="text without lone surrogates")
    return value
