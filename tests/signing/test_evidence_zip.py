"""The archive: one form for one set of files, and nothing else is read."""

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signing.errors import MalformedError
from signing.evidence_zip import MAX_FILES, NAME, read_zip, write_zip

NAMES = st.from_regex(NAME, fullmatch=True)
FILES = st.dictionaries(NAMES, st.binary(max_size=200), min_size=1, max_size=8)


@given(FILES)
def test_what_is_written_is_read_and_by_everybody(files: dict[str, bytes]) -> None:
    data = write_zip(files)
    assert read_zip(data) == files
    assert write_zip(dict(reversed(files.items()))) == data
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == files


@given(FILES, st.data())
def test_any_other_byte_is_refused(files: dict[str, bytes], data: st.DataObject) -> None:
    bent = bytearray(write_zip(files))
    place = data.draw(st.integers(0, len(bent) - 1))
    bent[place] ^= data.draw(st.integers(1, 255))
    try:
        found = read_zip(bytes(bent))
    except MalformedError:
        return
    pytest.fail(f"byte {place} was changed, and this was read: {found!r:.200}")


@given(st.binary(max_size=400))
def test_nothing_but_malformed_comes_out_of_anything(data: bytes) -> None:
    for each in (data, b"PK\3\4" + data):
        with pytest.raises(MalformedError):
            read_zip(each)


@pytest.mark.parametrize(
    "name",
    ["", "../x", "/x", "a/../b", "a/b/c", "a\\b", "x\0", "ä", "a b", ".hidden", "x.", "con:x", "a//b", "a/"],
)
def test_a_name_that_no_bundle_has_is_not_written(name: str) -> None:
    with pytest.raises(MalformedError):
        write_zip({name: b""})


def test_counts_and_sizes_are_bounded() -> None:
    with pytest.raises(MalformedError):
        write_zip({})
    with pytest.raises(MalformedError):
        write_zip({f"f{number}": b"" for number in range(MAX_FILES + 1)})
    with pytest.raises(MalformedError):
        write_zip({"a": bytes(20 << 20), "b": bytes(20 << 20)})
    with pytest.raises(MalformedError):
        read_zip(b"PK\3\4" + bytes(40 << 20))


def test_a_bomb_is_refused_before_anything_is_expanded() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("answer.json", bytes(64 << 20))
    assert len(made.getvalue()) < 1 << 17
    with pytest.raises(MalformedError, match="cut off"):
        read_zip(made.getvalue())
