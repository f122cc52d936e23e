"""CSV manifests (RFC 4180), streaming: any quoting, a BOM, ragged rows reported one by one."""

import csv
from collections.abc import Iterator, Sequence
from io import TextIOWrapper
from operator import itemgetter
from typing import BinaryIO, TextIO

from consent.client.manifests.rows import MAX_LINE_CHARS, ManifestError, Row, shown

MAX_SEEN = 50_000  # different rows that are remembered: some ten megabytes
_OTHER_FORMATS = {  # first bytes of files that are mistaken for CSV
    b"PAR1": "a Parquet file",
    b"PK\x03\x04": "a spreadsheet or zip archive",
    b"\x1f\x8b": "a gzip archive; unpack it first",
    b"\xff\xfe": "UTF-16 text; say --encoding utf-16",
    b"\xfe\xff": "UTF-16 text; say --encoding utf-16",
}


class CsvReader:
    """A `RowReader` of delimited text whose first row names the columns."""

    def __init__(self, *, delimiter: str = ",", encoding: str = "utf-8") -> None:
        """Raises ManifestError for a delimiter that is not one character or an unknown encoding."""
        if len(delimiter) != 1 or delimiter in '"\r\n':
            raise ManifestError(f"expected one character as delimiter, got {shown(delimiter)}")
        self._delimiter = delimiter
        self._encoding = "utf-8-sig" if encoding.lower().replace("_", "-") in {"utf-8", "utf8"} else encoding
        try:
            "speaker".encode(self._encoding)
        except (LookupError, ValueError) as exc:
            raise ManifestError(f"expected an encoding such as utf-8, got {shown(encoding)}") from exc

    def __call__(self, stream: BinaryIO, *, wanted: Sequence[str]) -> Iterator[Row]:
        """As `RowReader` says. Undecodable bytes spoil their row, not the file."""
        text = TextIOWrapper(stream, encoding=self._encoding, errors="surrogateescape", newline="")
        try:
            yield from self._rows(text, wanted)
        except UnicodeError as exc:
            raise ManifestError(f"the file is not {self._encoding} text: {exc}; say --encoding") from exc
        finally:
            text.detach()

    def _rows(self, text: TextIO, wanted: Sequence[str]) -> Iterator[Row]:
        reader = csv.reader(_bounded_lines(text), delimiter=self._delimiter, strict=True)
        header = _header(reader)
        places = _places(header, wanted)
        width = len(header)
        picked = itemgetter(*places) if places else _nothing
        seen: dict[object, tuple[str, ...]] = {}  # what was judged already: most rows repeat another's cells
        while True:
            line = reader.line_num + 1
            try:
                record = next(reader)
            except StopIteration:
                return
            except csv.Error as exc:
                yield Row(line, (), f"expected well-formed CSV, got a record that is not: {exc}")
                continue
            if not record:
                continue  # an empty line is no row
            if len(record) != width:
                yield Row(line, (), f"expected {width} columns as in the header, got {len(record)}")
                continue
            raw = picked(record)
            cells = seen.get(raw)
            if cells is None:
                cells = tuple([record[place].strip() for place in places])
                if not all(map(str.isascii, cells)) and any(map(_undecodable, cells)):
                    yield Row(line, (), f"expected {self._encoding} text, got bytes that are not")
                    continue
                if len(seen) < MAX_SEEN:
                    seen[raw] = cells
            yield Row(line, cells)


def _nothing(record: object) -> None:
    """No column is wanted: every row's cells are alike."""


def _header(reader: "Iterator[list[str]]") -> list[str]:
    try:
        header = next(reader, None)
    except csv.Error as exc:
        raise ManifestError(
            f"line 1: expected the column names, got a record that is not CSV: {exc}"
        ) from exc
    if not header:
        raise ManifestError("line 1: expected the column names, got an empty line or file")
    return [name.strip() for name in header]


def _places(header: list[str], wanted: Sequence[str]) -> list[int]:
    """Where each wanted column stands. Raises ManifestError when one is absent or stands twice."""
    places = []
    for name in wanted:
        count = header.count(name)
        if count != 1:
            found = ", ".join(shown(column, 30) for column in header[:20])
            raise ManifestError(
                f"expected one column named {shown(name)}, got {count or 'none'}; the columns are {found}"
            )
        places.append(header.index(name))
    return places


def _bounded_lines(text: TextIO) -> Iterator[str]:
    """Physical lines; a file that is no text at all ends here instead of in memory."""
    number = 0
    while line := text.readline(MAX_LINE_CHARS + 1):
        number += 1
        if number == 1:
            _refuse_other_formats(line)
        if len(line) > MAX_LINE_CHARS:
            raise ManifestError(f"line {number}: expected at most {MAX_LINE_CHARS} characters, got more")
        yield line


def _refuse_other_formats(first_line: str) -> None:
    start = first_line[:16].encode("utf-8", errors="surrogateescape")
    for magic, what in _OTHER_FORMATS.items():
        if start.startswith(magic):
            raise ManifestError(f"expected delimited text, got {what}")
    if "\0" in first_line:
        raise ManifestError(
            "expected delimited text, got binary data or UTF-16 without a mark; say --encoding"
        )


def _undecodable(cell: str) -> bool:
    """Whether surrogateescape had to hide a byte here, or the file wrote a lone surrogate."""
    return not cell.isascii() and any("\ud800" <= char <= "\udfff" for char in cell)
