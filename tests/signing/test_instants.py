"""One spelling of an instant, read back."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signing.errors import MalformedError
from signing.instants import (
    format_instant,
    format_instant_ms,
    format_numeric_date,
    parse_instant,
    parse_instant_ms,
    parse_numeric_date,
)

INSTANTS = st.datetimes(timezones=st.just(UTC))


@given(INSTANTS)
def test_instants_read_back(at: datetime) -> None:
    assert parse_instant(format_instant(at)) == at.replace(microsecond=0)
    assert parse_instant_ms(format_instant_ms(at)) == at.replace(microsecond=at.microsecond // 1000 * 1000)


@given(st.integers(0, 253402300799))
def test_numeric_dates_read_back(seconds: int) -> None:
    assert format_numeric_date(parse_numeric_date(seconds)) == seconds


def test_other_zones_are_printed_in_utc() -> None:
    at = datetime(2026, 1, 1, 1, 30, tzinfo=timezone(timedelta(hours=1, minutes=30)))
    assert format_instant(at) == "2026-01-01T00:00:00Z"


def test_an_instant_without_zone_is_the_callers_fault() -> None:
    with pytest.raises(ValueError, match="time zone"):
        format_instant(datetime(2026, 1, 1))  # noqa: DTZ001


@pytest.mark.parametrize("value", [True, -1, 1.5, "1", None, 253402300800, 2**60])
def test_what_is_no_numeric_date_is_refused(value: object) -> None:
    with pytest.raises(MalformedError):
        parse_numeric_date(value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "value",
    [
        1,
        None,
        "",
        "2026-01-01",
        "2026-01-01T00:00:00",
        "2026-13-01T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:00:00Z\n",
    ],
)
def test_what_is_no_instant_is_refused(value: object) -> None:
    for parse in (parse_instant, parse_instant_ms):
        with pytest.raises(MalformedError):
            parse(value)  # type: ignore[arg-type]
