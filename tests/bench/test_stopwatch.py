"""The stopwatch accounts for every call of a part, counts none twice, and leaves what it watched as it was."""

from typing import Any

import pytest

from tests.bench import stopwatch
from tests.bench.publish import apart, times
from tests.bench.stopwatch import Part, Spent, measure
from tests.bench.where_time_goes import rows_of


class Clock:
    """Stands still but for what works."""

    def __init__(self) -> None:
        self.now_ns = 0

    def thread_time_ns(self) -> int:
        return self.now_ns


CLOCK = Clock()


class Work:
    """Spends two microseconds in one part, twice, and three in another; a half is its own."""

    def whole(self, spent_ns: int) -> None:
        CLOCK.now_ns += spent_ns
        self.first()
        self.first()
        self.second()

    def first(self) -> None:
        CLOCK.now_ns += 2000

    def second(self) -> None:
        CLOCK.now_ns += 1000
        self.inner()

    def inner(self) -> None:
        CLOCK.now_ns += 2000


PARTS = [
    Part(what="first", owner=Work, name="first"),
    Part(what="second", owner=Work, name="second"),
    Part(what="inner", owner=Work, name="inner", within=True),
]


def test_parts_are_watched_each_as_often_as_it_is_called_and_given_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stopwatch, "time", CLOCK)
    before = (Work.first, Work.second, Work.inner)

    def given() -> int:
        CLOCK.now_ns += 7000  # making what is given is not counted
        return 500

    spent = measure(Work().whole, given, PARTS, calls=4)
    assert (Work.first, Work.second, Work.inner) == before
    assert {part.what: us for part, us in spent.parts} == {"first": 4.0, "second": 3.0, "inner": 2.0}
    assert (spent.whole_us, spent.rest_us) == (7.5, 0.5)


def test_what_is_within_another_part_is_not_taken_from_the_rest_twice() -> None:
    spent = Spent(whole_us=10.0, parts=[(PARTS[0], 4.0), (PARTS[1], 3.0), (PARTS[2], 2.0)])
    assert spent.rest_us == 3.0
    rows = rows_of("a row", spent, per=2)
    assert [(row["what"], row["value"]) for row in rows] == [
        ("time in a row", 5.0),
        ("time in a row: first", 2.0),
        ("time in a row: second", 1.5),
        ("time in a row: inner", 1.0),
        ("time in a row: the rest", 1.5),
    ]
    assert rows[3]["beside"] == "20 %, within the one above"


def test_where_the_time_goes_is_published_apart_from_the_figures() -> None:
    document: dict[str, Any] = {
        "machine": {
            "measured_at": "2026-12-01T10:00:00Z",
            "processor": "One",
            "cores": 2,
            "python": "3.11.7",
        },
        "run": {"grants": 1000, "quiet": False, "others_cores": 0.41},
        "rows": [
            {"what": "time in a check", "value": 28.44, "beside": ""},
            {"what": "time in a check: ledger", "value": 8.0, "beside": "28 %"},
            {"what": "check, deferred receipt", "value": 9000.0, "beside": ""},
        ],
    }
    timed, others = apart(document)
    assert [row["what"] for row in others["rows"]] == ["check, deferred receipt"]
    said = times(timed)
    assert "| **A check** | 28.4 |  |\n| – ledger | 8.00 | 28 % |\n" in said
    assert "**The machine was busy**: others used 0.41 cores." in said
    assert "deferred" not in said
