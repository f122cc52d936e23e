"""Decimal numbers in the one form that prints: no sign, no leading zero (SPEC §14.1)."""

import re

from signing.errors import MalformedError

_CANONICAL = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


def read_decimal(text: str, *, what: str, highest: int) -> int:
    """The number that `text` prints, from 0 to `highest`; `what` names it in the error.

    Raises:
        MalformedError: another spelling, or above `highest`.
    """
    if not _CANONICAL.fullmatch(text):
        raise MalformedError(
            f"{what} {text!r:.40} is not canonical decimal",
            rule="decimal",
            expected="digits, no leading zero",
        )
    number = int(text)
    if number > highest:
        raise MalformedError(f"{what} {number} is above {highest}", rule="size", expected=f"0 to {highest}")
    return number
