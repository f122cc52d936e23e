"""Places without a grant: of all kinds, steady, changing a few at a time, and another list's are others."""

from collections import Counter
from datetime import UTC, datetime, timedelta

AT = datetime(2026, 12, 1, 9, 0, 7, tzinfo=UTC)
KEY = b"k" * 32


def _drawn(at: datetime = AT, *, key: bytes = KEY, livemode: bool = True, number: int = 0) -> list[int]:
    from consent.registry.status_lists.decoys import decoys

    array = decoys(key, livemode=livemode, number=number, at=at)
    assert len(array) == 1 << 18
    return [byte >> shift & 3 for byte in array for shift in (0, 2, 4, 6)]


def _changed(one: list[int], other: list[int]) -> list[int]:
    return [index for index, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]


def test_every_status_is_common_and_none_is_unknown() -> None:
    counted = Counter(_drawn())
    assert set(counted) == {0, 1, 2}
    assert counted[0] > 350_000 and counted[1] > 350_000 and 10_000 < counted[2] < 70_000


def test_lists_sides_and_keys_have_shares_and_places_of_their_own() -> None:
    first = _drawn()
    others = [_drawn(number=1), _drawn(livemode=False), _drawn(key=b"j" * 32)]
    for other in others:
        assert len(_changed(first, other)) > 400_000
    assert len({Counter(each)[0] // 2_000 for each in [first, *others]}) > 1


def test_they_stand_still_for_minutes_and_then_a_few_change_anywhere() -> None:
    start = AT.replace(minute=0, second=0)
    first = _drawn(start)
    assert _drawn(start + timedelta(seconds=239)) == first
    changed = _changed(first, _drawn(start + timedelta(hours=2)))
    assert 100 < len(changed) < 500
    assert len({index % 4 for index in changed}) == 4 and max(changed) - min(changed) > 900_000


def test_within_half_a_year_each_is_drawn_anew_once_and_none_earlier_twice() -> None:
    from consent.registry.status_lists.decoys import STEP_S, STEPS

    first, half = _drawn(), timedelta(seconds=STEP_S * STEPS // 2)
    middle, whole = _drawn(AT + half), _drawn(AT + 2 * half)
    early, late = set(_changed(first, middle)), set(_changed(middle, whole))
    assert early & late == set()
    assert 200_000 < len(early) < 320_000 and 200_000 < len(late) < 320_000


def test_the_turn_of_an_epoch_is_no_jump() -> None:
    from consent.registry.status_lists.decoys import STEP_S, STEPS

    turn = datetime.fromtimestamp(STEP_S * STEPS * 120, tz=UTC)
    assert len(_changed(_drawn(turn - timedelta(seconds=1)), _drawn(turn))) < 60
