"""Instants in signed bytes: UTC, whole seconds, one spelling (SPEC §1.5)."""

import re
from datetime import UTC, datetime, timedelta

from signing.canonical import JSON
from signing.errors import MalformedError

_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", re.ASCII)
_INSTANT_MS = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z", re.ASCII)
MAX_NUMERIC_DATE = 253402300799  # 9999-12-31T23:59:59Z


def parse_instant(text: JSON, *, pointer: str = "") -> datetime:
    """An aware UTC datetime from `YYYY-MM-DDTHH:MM:SSZ`.

    Raises:
        MalformedError: another form (offsets, fractions, leap seconds), or no such day.
    """
    return _parse(text, _INSTANT, "YYYY-MM-DDTHH:MM:SSZ", pointer)


def format_instant(at: datetime) -> str:
    """`YYYY-MM-DDTHH:MM:SSZ` of an aware datetime, its fraction of a second cut off.

    Raises:
        ValueError: `at` has no time zone, which is a fault of the caller.
    """
    return _utc(at).isoformat(timespec="seconds").replace("+00:00", "Z")


def parse_instant_ms(text: JSON, *, pointer: str = "") -> datetime:
    """An aware UTC datetime from `YYYY-MM-DDTHH:MM:SS.mmmZ`, the form of receipts and answers.

    Raises:
        MalformedError: another form, or no such day.
    """
    return _parse(text, _INSTANT_MS, "YYYY-MM-DDTHH:MM:SS.mmmZ", pointer)


def format_instant_ms(at: datetime) -> str:
    """`YYYY-MM-DDTHH:MM:SS.mmmZ` of an aware datetime, cut to milliseconds."""
    return _utc(at).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_numeric_date(value: JSON, *, pointer: str = "") -> datetime:
    """An aware UTC datetime from whole seconds since 1970 (RFC 7519 §2, "NumericDate").

    Raises:
        MalformedError: not a whole number from 0 to the year 9999.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_NUMERIC_DATE:
        raise MalformedError("not whole seconds since 1970", pointer=pointer, rule="numeric_date")
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=value)


def format_numeric_date(at: datetime) -> int:
    """Whole seconds since 1970, a fraction cut off."""
    return int(_utc(at).timestamp())


def _parse(text: JSON, form: re.Pattern[str], expected: str, pointer: str) -> datetime:
    if not isinstance(text, str) or not form.fullmatch(text):
        raise MalformedError(
            "not an instant in UTC of this form", pointer=pointer, rule="instant", expected=expected
        )
    try:
        return datetime.fromisoformat(text)
    except ValueError as exc:
        raise MalformedError(
            "no such instant", pointer=pointer, rule="instant", expected="a real date"
        ) from exc


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("instant has no time zone, expected an aware datetime")
    return at.astimezone(UTC)
