"""Instants and terms: one strict text form, and the calendar arithmetic of whole years.

`YYYY-MM-DDTHH:MM:SSZ` is the only form read or written: offsets, fractions and leap seconds are
refused (DECIDING 15). Inside, an instant is an aware `datetime` in UTC.
"""

import re
from datetime import UTC, datetime
from typing import Final

MAX_TERM_YEARS: Final = 10  # DECIDING 14: terms end at the latest ten years after signing

_FORM = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})Z")
END_OF_TIME: Final = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


class InstantError(ValueError):
    """A text is not an instant of the one accepted form."""


def parse_instant(text: str) -> datetime:
    """Read `YYYY-MM-DDTHH:MM:SSZ` into an aware UTC datetime.

    Raises:
        InstantError: another form, or a date or time that does not exist.
    """
    match = _FORM.fullmatch(text)
    if match is None:
        raise InstantError(f"instant is {text!r}, expected YYYY-MM-DDTHH:MM:SSZ")
    year, month, day, hour, minute, second = (int(part) for part in match.groups())
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError as exc:
        raise InstantError(f"instant {text!r} does not exist") from exc


def format_instant(instant: datetime) -> str:
    """Write an aware instant as `YYYY-MM-DDTHH:MM:SSZ`, without its fraction of a second.

    Raises:
        InstantError: the datetime is naive.
    """
    if instant.tzinfo is None:
        raise InstantError("instant has no time zone, expected an aware datetime")
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")


def years_after(instant: datetime, years: int) -> datetime:
    """The same date and time `years` later; a 29 February becomes 28 where it must (DECIDING 14)."""
    year = instant.year + years
    if year > END_OF_TIME.year:
        return END_OF_TIME
    try:
        return instant.replace(year=year)
    except ValueError:  # only 29 February has no counterpart in another year
        return instant.replace(year=year, day=28)
