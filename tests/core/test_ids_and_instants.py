"""Ids and instants have one form each."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.core.ids import PREFIXES, is_id, new_id
from consent.core.instants import END_OF_TIME, InstantError, format_instant, parse_instant, years_after


def test_a_new_id_has_its_form_and_says_the_bytes() -> None:
    assert new_id("grt", random=bytes) == "grt_" + "a" * 26
    assert new_id("prf", random=lambda size: b"\xff" * size) == "prf_" + "7" * 25 + "4"


@pytest.mark.parametrize("prefix", sorted(PREFIXES))
def test_new_ids_are_ids_of_their_kind_only(prefix: str) -> None:
    made = new_id(prefix)
    assert is_id(made, prefix)
    assert not any(is_id(made, other) for other in PREFIXES - {prefix})


def test_an_unknown_prefix_is_refused() -> None:
    with pytest.raises(ValueError, match="prefix"):
        new_id("xyz")


@pytest.mark.parametrize(
    "value",
    [None, 5, "", "grt_", "grt_" + "a" * 25, "grt_" + "a" * 27, "grt_" + "A" * 26, "grt_" + "1" * 26,
     "grt_" + "a" * 26 + "\n", " grt_" + "a" * 26, "grt_test_", "grt_test_A", "grt_testing"],
)  # fmt: skip
def test_what_is_no_id_is_refused(value: object) -> None:
    assert not is_id(value, "grt")


def test_readable_ids_of_the_test_side_are_ids() -> None:
    assert is_id("prf_test_allow", "prf")
    assert is_id("prf_test_revoke_after_ten", "prf")


@given(st.datetimes(timezones=st.just(UTC)).map(lambda instant: instant.replace(microsecond=0)))
def test_an_instant_comes_back_as_it_was(instant: datetime) -> None:
    text = format_instant(instant)
    assert len(text) == 20
    assert parse_instant(text) == instant
    assert format_instant(parse_instant(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "2026-12-01T00:00:00+00:00",
        "2026-12-01T00:00:00.0Z",
        "2026-12-01T00:00:00z",
        "2026-12-01 00:00:00Z",
        "2026-12-31T23:59:60Z",
        "2026-02-29T00:00:00Z",
        "2026-12-01T24:00:00Z",
        "0000-01-01T00:00:00Z",
        "2026-12-01T00:00:00Z\n",
        "２026-12-01T00:00:00Z",
        "2026-12-01T00:00Z",
        "",
    ],
)
def test_every_other_form_is_refused(text: str) -> None:
    with pytest.raises(InstantError):
        parse_instant(text)


def test_an_instant_of_another_zone_is_written_in_utc_and_a_naive_one_is_refused() -> None:
    berlin = timezone(timedelta(hours=1))
    assert format_instant(datetime(2026, 12, 1, 1, tzinfo=berlin)) == "2026-12-01T00:00:00Z"
    with pytest.raises(InstantError):
        format_instant(datetime(2026, 12, 1))  # noqa: DTZ001 - the naive one is the point


def test_years_later_a_29_february_becomes_the_28th_where_it_must() -> None:
    leap = datetime(2028, 2, 29, 12, tzinfo=UTC)
    assert years_after(leap, 1) == datetime(2029, 2, 28, 12, tzinfo=UTC)
    assert years_after(leap, 4) == datetime(2032, 2, 29, 12, tzinfo=UTC)
    assert years_after(datetime(2026, 3, 1, tzinfo=UTC), 10) == datetime(2036, 3, 1, tzinfo=UTC)
    assert years_after(datetime(9995, 1, 1, tzinfo=UTC), 10) == END_OF_TIME
