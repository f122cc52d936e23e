"""An id leads to its record, for this registry alone."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.core.ids import is_id, new_id

NUMBERS = st.tuples(
    st.binary(min_size=6, max_size=6),
    st.integers(0, (1 << 24) - 1),
    st.integers(0, (1 << 16) - 1),
    st.integers(1, 5),
)


@given(NUMBERS)
def test_an_id_names_node_segment_record_and_row(numbers: tuple[bytes, int, int, int]) -> None:
    from consent.check.ledger.decision_ids import DecisionIds, RecordName

    boot, segment, index, rows = numbers
    ids = DecisionIds(b"k" * 32)
    made = ids.make(boot, segment=segment, index=index, rows=rows)
    assert all(is_id(each, "dec") for each in made) and len(set(made)) == rows
    assert [ids.read(each) for each in made] == [
        RecordName(boot=boot.hex(), segment=segment, index=index, row=row) for row in range(rows)
    ]


@pytest.mark.parametrize("rows", [1, 31, 32, 127, 128, 129, 1000, 1025, 10_000])
def test_many_ids_made_at_once_are_those_made_one_by_one(rows: int) -> None:
    from consent.check.ledger.decision_ids import DecisionIds

    ids = DecisionIds(os.urandom(32))
    boot = os.urandom(6)
    made = ids.make(boot, segment=5, index=9, rows=rows)
    assert len(set(made)) == len(made) == rows
    for row, each in enumerate(made):
        name = ids.read(each)
        assert name is not None and is_id(each, "dec")
        assert (name.boot, name.segment, name.index, name.row) == (boot.hex(), 5, 9, row)


def test_the_last_row_of_the_last_record_has_an_id() -> None:
    from consent.check.ledger.decision_ids import MAX_RECORDS, MAX_ROWS, MAX_SEGMENTS, DecisionIds

    ids = DecisionIds(b"k" * 32)
    last = ids.make(b"\xff" * 6, segment=MAX_SEGMENTS - 1, index=MAX_RECORDS - 1, rows=MAX_ROWS)[-1]
    found = ids.read(last)
    assert found is not None
    assert (found.boot, found.segment, found.index, found.row) == (
        "ff" * 6,
        MAX_SEGMENTS - 1,
        MAX_RECORDS - 1,
        MAX_ROWS - 1,
    )


def test_what_this_registry_never_made_names_nothing() -> None:
    from consent.check.ledger.decision_ids import DecisionIds

    ids, other = DecisionIds(b"k" * 32), DecisionIds(b"o" * 32)
    made = ids.make(os.urandom(6), segment=1, index=2, rows=1)[0]
    assert other.read(made) is None
    assert all(ids.read(new_id("dec")) is None for _ in range(1000))
    for at in range(4, len(made)):
        for letter in "abc234":
            if letter != made[at]:
                assert ids.read(made[:at] + letter + made[at + 1 :]) is None
    for odd in (
        "",
        "dec_",
        made.upper(),
        made[:-1],
        made + "a",
        made.replace("dec", "rcp"),
        "dec_test_allow",
    ):
        assert ids.read(odd) is None
