"""Instants in answers: whole seconds where a person reads them, milliseconds where a clock does."""

from datetime import UTC, datetime


def seconds(instant: datetime) -> str:
    """`YYYY-MM-DDTHH:MM:SSZ`."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds_or_none(instant: datetime | None) -> str | None:
    """The same, or null."""
    return None if instant is None else seconds(instant)


def milliseconds(instant: datetime) -> str:
    """`YYYY-MM-DDTHH:MM:SS.mmmZ`; the rest of the fraction is cut."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant.microsecond // 1000:03d}Z"


def milliseconds_or_none(instant: datetime | None) -> str | None:
    """The same, or null."""
    return None if instant is None else milliseconds(instant)
