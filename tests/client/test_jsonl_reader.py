"""JSON Lines manifests: strict objects, one a line."""

import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent.client.manifests.jsonl_reader import JsonlReader
from consent.client.manifests.rows import MAX_LINE_CHARS, ManifestError, Row

TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=20)


def read(data: bytes, wanted: tuple[str, ...] = ("speaker",)) -> list[Row]:
    return list(JsonlReader()(io.BytesIO(data), wanted=wanted))


@settings(max_examples=100)
@given(
    cells=st.lists(st.one_of(TEXT, st.integers(-(2**53) + 1, 2**53 - 1), st.booleans()), max_size=6),
    bom=st.booleans(),
)
def test_texts_numbers_and_flags_read_back(cells: list[str | int | bool], bom: bool) -> None:
    lines = "".join(json.dumps({"speaker": cell, "more": [1.5, {}]}) + "\n" for cell in cells)
    data = (b"\xef\xbb\xbf" if bom else b"") + lines.encode()
    assert [row.cells for row in read(data)] == [(c.strip() if isinstance(c, str) else c,) for c in cells]


@settings(max_examples=150)
@given(data=st.binary(max_size=300))
def test_arbitrary_bytes_give_rows_or_faults(data: bytes) -> None:
    for row in read(data):
        assert bool(row.fault) != bool(row.cells)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (b"[1]", "expected a JSON object, got list"),
        (b'"p1"', "expected a JSON object, got str"),
        (b"{", "expected one strict JSON object"),
        (b'{"speaker": "a", "speaker": "b"}', "expected one strict JSON object"),
        (b'{"speaker": NaN}', "expected one strict JSON object"),
        (b'{"speaker": "\\ud800"}', "expected one strict JSON object"),
        (b'{"speaker": {"id": "p1"}}', "speaker: expected text"),
        (b'{"speaker": 1.5}', "speaker: expected text"),
        (b'{"speaker": ["a", 1]}', "speaker: expected text"),
        (b"[" * 100_000, "expected one strict JSON object"),
    ],
)
def test_a_malformed_line_spoils_itself_only(line: bytes, fault: str) -> None:
    rows = read(line + b'\n\n{"speaker": "p2"}\n')
    assert rows[0].line == 1
    assert rows[0].fault.startswith(fault)
    assert rows[1] == Row(3, ("p2",))


def test_absent_members_are_none_and_lists_are_kept() -> None:
    assert read(b'{"speaker": [" a", "b"]}\n', ("speaker", "x"))[0].cells == (("a", "b"), None)


def test_an_endless_line_is_refused_before_it_fills_the_memory() -> None:
    with pytest.raises(ManifestError, match="line 1: expected at most"):
        read(b" " * (MAX_LINE_CHARS + 2))
