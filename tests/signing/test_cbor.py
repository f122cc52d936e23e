"""Only CTAP2's CBOR is read, and what is read means what an independent library says."""

from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signing import cbor
from signing.errors import MalformedError

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**64 - 1)
    | st.binary(max_size=40)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
)
NAMES = st.integers(-(2**64), 2**64 - 1) | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


def nested(levels: int) -> Any:
    """Values with at most so many containers around one another."""
    value = SCALARS
    for _ in range(levels):
        value = SCALARS | st.lists(value, max_size=3) | st.dictionaries(NAMES, value, max_size=3)
    return value


@given(nested(cbor.MAX_DEPTH))
def test_what_is_printed_is_canonical_and_reads_back(value: Any) -> None:
    data = cbor.encode(value)
    assert cbor.decode(data) == value
    assert cbor2.loads(data) == value
    assert data == cbor2.dumps(value, canonical=True)


@given(st.binary(max_size=48))
def test_any_bytes_are_read_as_another_library_reads_them_or_malformed(data: bytes) -> None:
    try:
        value, rest = cbor.decode_prefix(data)
    except MalformedError:
        return
    assert cbor2.loads(data[: len(data) - len(rest)]) == value


@given(nested(2), st.binary(max_size=8))
def test_a_prefix_ends_where_the_item_ends(value: Any, tail: bytes) -> None:
    assert cbor.decode_prefix(cbor.encode(value) + tail) == (value, tail)


@pytest.mark.parametrize(
    "data",
    [
        "", "18", "1800", "190017", "1a0000ffff", "1b00000000ffffffff", "1c", "1f", "5f4101ff", "7f6161ff",
        "9f01ff", "bf0102ff", "c001", "c11a00000000", "d9d9f7a0", "f5f5", "f7", "f818", "f90000", "fa00000000",
        "fb0000000000000000", "ff", "a2010101", "a201010102", "a10101f6", "a1f501", "a1410102", "a1800102",
        "61ff", "62c3", "43", "5b7fffffffffffffff", "9b7fffffffffffffff", "bb7fffffffffffffff", "8181818180",
        "a101a101a101a101a0", "e0", "f3",
    ],
)  # fmt: skip
def test_everything_else_is_refused(data: str) -> None:
    with pytest.raises(MalformedError):
        cbor.decode(bytes.fromhex(data))


def test_a_map_has_a_bounded_number_of_members() -> None:
    full = cbor.encode(dict.fromkeys(range(cbor.MAX_MEMBERS), 0))
    assert len(cbor.decode(full)) == cbor.MAX_MEMBERS  # type: ignore[arg-type]
    with pytest.raises(MalformedError):
        cbor.decode(cbor.encode(dict.fromkeys(range(cbor.MAX_MEMBERS + 1), 0)))


def test_a_member_twice_is_refused() -> None:
    with pytest.raises(MalformedError, match="twice"):
        cbor.decode(bytes.fromhex("a201010102"))
