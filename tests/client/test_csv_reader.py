"""CSV manifests: any quoting and encoding read alike, every fault is a row's or a readable error."""

import csv
import io
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent.client.manifests.csv_reader import CsvReader
from consent.client.manifests.rows import MAX_LINE_CHARS, ManifestError, Row

# Cells survive as they are except for blank space at the ends, which no speaker id has.
CELLS = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
NO_LINE_ENDS = {ord("\r"): None, ord("\n"): None}


def read(data: bytes, wanted: tuple[str, ...] = ("speaker",), **options: str) -> list[Row]:
    return list(CsvReader(**options)(io.BytesIO(data), wanted=wanted))


def written(rows: list[list[str]], *, encoding: str = "utf-8", **options: object) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, **options).writerows(rows)  # type: ignore[arg-type]
    return text.getvalue().encode(encoding)


@settings(max_examples=100)
@given(
    cells=st.lists(st.tuples(CELLS, CELLS), max_size=8),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    lineterminator=st.sampled_from(["\n", "\r\n", "\r"]),
    delimiter=st.sampled_from([",", ";", "\t"]),
    bom=st.booleans(),
)
def test_any_quoting_line_end_and_delimiter_reads_back_the_cells(
    cells: list[tuple[str, str]], quoting: int, lineterminator: str, delimiter: str, bom: bool
) -> None:
    if quoting == csv.QUOTE_MINIMAL:  # the writer leaves some CR and LF bare, which then are line ends
        cells = [(one.translate(NO_LINE_ENDS), two.translate(NO_LINE_ENDS)) for one, two in cells]
    rows = [["speaker", "note"], *map(list, cells)]
    data = written(rows, quoting=quoting, lineterminator=lineterminator, delimiter=delimiter)
    found = read((b"\xef\xbb\xbf" if bom else b"") + data, wanted=("speaker", "note"), delimiter=delimiter)
    assert [row.fault for row in found] == [""] * len(cells)
    assert [row.cells for row in found] == [(one.strip(), two.strip()) for one, two in cells]


@settings(max_examples=50)
@given(
    cells=st.lists(st.text(alphabet="aäßéñ", min_size=1, max_size=10), min_size=1, max_size=5),
    encoding=st.sampled_from(["utf-8", "latin-1", "cp1252", "utf-16", "utf-16-le", "UTF_8"]),
)
def test_a_named_encoding_reads_back_the_cells(cells: list[str], encoding: str) -> None:
    data = written([["speaker"], *([cell] for cell in cells)], encoding=encoding)
    assert [row.cells for row in read(data, encoding=encoding)] == [(cell,) for cell in cells]


@settings(max_examples=150)
@given(data=st.binary(max_size=400))
def test_arbitrary_bytes_give_rows_or_a_readable_error(data: bytes) -> None:
    for prefix in (b"", b"speaker,x\n"):
        try:
            for row in read(prefix + data):
                assert bool(row.fault) != bool(row.cells)
        except ManifestError as exc:
            assert "expected" in str(exc) or "not" in str(exc)


def test_ragged_rows_spoil_themselves_and_name_their_line() -> None:
    rows = read(b'speaker,x\np1,1\np2\n\np3,1,2\n"p\n4",1\np5,1\n')
    assert [(row.line, row.cells, row.fault) for row in rows] == [
        (2, ("p1",), ""),
        (3, (), "expected 2 columns as in the header, got 1"),
        (5, (), "expected 2 columns as in the header, got 3"),
        (6, ("p\n4",), ""),
        (8, ("p5",), ""),
    ]


def test_undecodable_bytes_spoil_their_row_only() -> None:
    rows = read(b"speaker\np\xff1\np2\n")
    assert [row.cells for row in rows] == [(), ("p2",)]
    assert "bytes that are not" in rows[0].fault


def test_an_unclosed_quote_spoils_what_it_swallows_and_is_reported() -> None:
    rows = read(b'speaker,x\np1,1\n"p2,1\np3,1\n')
    assert rows[0].cells == ("p1",)
    assert rows[-1].fault.startswith("expected well-formed CSV")
    assert all(row.cells != ("p3",) for row in rows)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "expected the column names, got an empty line or file"),
        (b"\n", "expected the column names, got an empty line or file"),
        (b"name,x\n", "expected one column named 'speaker', got none; the columns are 'name', 'x'"),
        (b"speaker,speaker\n", "expected one column named 'speaker', got 2"),
        (b"PAR1\x15\x04", "a Parquet file"),
        (b"PK\x03\x04\x14", "a spreadsheet"),
        (b"\x1f\x8b\x08", "gzip"),
        ("speaker\np1\n".encode("utf-16"), "say --encoding utf-16"),
        (b"speaker\0\n", "binary data"),
        (b"speaker\n" + b"x" * (MAX_LINE_CHARS + 1), "line 2: expected at most"),
    ],
)
def test_a_file_that_is_no_manifest_says_what_was_expected(data: bytes, message: str) -> None:
    with pytest.raises(ManifestError, match=message.replace("(", r"\(")):
        read(data)


@pytest.mark.parametrize(
    "options",
    [
        {"delimiter": ""},
        {"delimiter": ",,"},
        {"delimiter": '"'},
        {"encoding": "klingon"},
        {"encoding": "hex"},
    ],
)
def test_impossible_options_are_refused_at_once(options: dict[str, str]) -> None:
    with pytest.raises(ManifestError, match="expected"):
        CsvReader(**options)


class Endless(io.RawIOBase):
    """A hundred thousand generated rows that never stand in memory together."""

    def __init__(self, rows: int) -> None:
        self._lines = self._generate(rows)

    @staticmethod
    def _generate(rows: int) -> Iterator[bytes]:
        yield b"speaker,path\n"
        for number in range(rows):
            yield b"p%d,%s\n" % (number % 50, b"x" * 200)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        line = next(self._lines, b"")
        buffer[: len(line)] = line
        return len(line)


def test_a_hundred_thousand_rows_are_read_in_bounded_memory() -> None:
    stream = io.BufferedReader(Endless(100_000))
    tracemalloc.start()
    count = sum(1 for _ in CsvReader()(stream, wanted=("speaker",)))
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 100_000
    assert peak_bytes < 2 << 20  # the file itself is 20 MB
