"""A sealed file opens whole under its secret, and says where it was altered or cut off."""

import io
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent.server.backup.entries import EntryWriter, read_entries
from consent.server.backup.errors import DamagedError, SecretError
from consent.server.backup.sealed_file import CHUNK_BYTES, SealedWriter, open_sealed, read_header

SECRET = b"a backup secret of more than thirty-two bytes"
SIZES = (0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES)


def _sealed(plain: bytes, *, step: int = 1000) -> bytes:
    out = io.BytesIO()
    writer = SealedWriter(out, header={"kind": "data"}, secret=SECRET)
    for start in range(0, len(plain), step):
        writer.write(plain[start : start + step])
    writer.finish()
    return out.getvalue()


def _opened(data: bytes, *, secret: bytes = SECRET) -> bytes:
    _, pieces = open_sealed(io.BytesIO(data), secret=secret, name="x.data")
    return b"".join(pieces)


def _plain(size: int) -> bytes:
    return bytes(n % 251 for n in range(size))


@pytest.mark.parametrize("size", SIZES)
def test_what_was_sealed_opens(size: int) -> None:
    assert _opened(_sealed(_plain(size))) == _plain(size)


def test_the_header_is_read_without_the_secret() -> None:
    assert read_header(io.BytesIO(_sealed(b"x")), name="x.data")["kind"] == "data"


def test_another_secret_is_said_to_be_another_secret() -> None:
    with pytest.raises(SecretError, match="CONSENT_BACKUP_SECRET"):
        _opened(_sealed(b"x"), secret=b"another secret of more than thirty-two bytes")


@pytest.mark.parametrize("size", SIZES)
def test_a_file_cut_off_anywhere_near_an_edge_is_refused(size: int) -> None:
    whole = _sealed(_plain(size))
    edges = {len(whole) - 1, len(whole) - 16, len(whole) - CHUNK_BYTES - 16, 10, 100, 0}
    for end in sorted(edge for edge in edges if 0 <= edge < len(whole)):
        with pytest.raises(DamagedError, match=r"x\.data"):
            _opened(whole[:end])


def test_a_file_cut_off_between_two_chunks_is_said_to_be_cut_off() -> None:
    whole = _sealed(_plain(3 * CHUNK_BYTES))
    with pytest.raises(DamagedError, match="cut off here"):
        _opened(whole[: len(whole) - CHUNK_BYTES - 16])


def test_one_flipped_bit_anywhere_is_found_with_its_place() -> None:
    whole = bytearray(_sealed(_plain(2 * CHUNK_BYTES + 9)))
    for place in (0, 30, len(whole) - 1, len(whole) - CHUNK_BYTES, len(whole) - 2 * CHUNK_BYTES):
        whole[place] ^= 1
        with pytest.raises(DamagedError):
            _opened(bytes(whole))
        whole[place] ^= 1
    whole[-1] ^= 1
    with pytest.raises(DamagedError, match=f"to {len(whole)}"):
        _opened(bytes(whole))


def test_chunks_that_changed_places_are_refused() -> None:
    whole = _sealed(_plain(3 * CHUNK_BYTES))
    size = CHUNK_BYTES + 16
    start = len(whole) - 3 * size
    swapped = whole[:start] + whole[start + size : start + 2 * size] + whole[start : start + size]
    with pytest.raises(DamagedError):
        _opened(swapped + whole[start + 2 * size :])


def test_more_after_the_end_is_refused() -> None:
    with pytest.raises(DamagedError):
        _opened(_sealed(b"x") + b"y")


def test_nothing_of_the_plaintext_stands_in_the_file() -> None:
    assert b"Adelheid" not in _sealed(b"Adelheid Querfurth" * 100)


@given(
    st.lists(st.tuples(st.text(min_size=1, max_size=9), st.lists(st.binary(max_size=99)))), st.integers(1, 7)
)
@settings(deadline=None)
def test_entries_come_back_as_they_went_in(entries: list[tuple[str, list[bytes]]], step: int) -> None:
    made = _entries(entries)
    pieces = iter([made[start : start + step] for start in range(0, len(made), step)])
    assert [(name, b"".join(blocks)) for name, blocks in read_entries(pieces)] == [
        (name, b"".join(blocks)) for name, blocks in entries
    ]


def test_entries_that_nobody_reads_are_passed_over() -> None:
    made = _entries([("a", [b"1", b"2"]), ("b", [b"3"])])
    assert [name for name, _ in read_entries(iter([made]))] == ["a", "b"]


@pytest.mark.parametrize("cut", [1, 2, 3, 5])
def test_entries_that_end_too_early_or_go_on_are_refused(cut: int) -> None:
    made = _entries([("a", [b"1"])])
    for wrong in (made[:-cut], made + b"\x00"):
        with pytest.raises(DamagedError):
            for _ in read_entries(iter([wrong])):
                pass


def _entries(entries: Iterable[tuple[str, list[bytes]]]) -> bytes:
    out = io.BytesIO()
    writer = EntryWriter(out.write)
    for name, blocks in entries:
        writer.add(name, blocks)
    writer.finish()
    return out.getvalue()
