"""JSON Lines manifests: one strict JSON object a line."""

from collections.abc import Iterator, Sequence
from typing import BinaryIO

from consent.client.manifests.rows import MAX_LINE_CHARS, Cell, ManifestError, Row
from signing import canonical
from signing.errors import SigningError

UTF8_BOM = b"\xef\xbb\xbf"
_NOT_A_CELL = object()


class JsonlReader:
    """A `RowReader` of UTF-8 JSON Lines. Columns are top-level members; absent ones are None."""

    def __call__(self, stream: BinaryIO, *, wanted: Sequence[str]) -> Iterator[Row]:
        """As `RowReader` says. A malformed line spoils its row, not the file."""
        number = 0
        while line := stream.readline(MAX_LINE_CHARS + 1):
            number += 1
            if len(line) > MAX_LINE_CHARS:
                raise ManifestError(f"line {number}: expected at most {MAX_LINE_CHARS} bytes, got more")
            if number == 1:
                line = line.removeprefix(UTF8_BOM)
            if line.strip(b" \t\r\n"):
                yield _row(number, line.rstrip(b"\r\n"), wanted)


def _row(number: int, line: bytes, wanted: Sequence[str]) -> Row:
    try:
        value = canonical.parse(line, max_bytes=MAX_LINE_CHARS, floats=True)
    except SigningError as exc:
        return Row(number, (), f"expected one strict JSON object, got a line that is not: {exc}")
    if not isinstance(value, dict):
        return Row(number, (), f"expected a JSON object, got {type(value).__name__}")
    cells: list[Cell] = []
    for name in wanted:
        cell = _cell(value.get(name))
        if cell is _NOT_A_CELL:
            return Row(number, (), f"{name}: expected text, a whole number, true, false or a list of texts")
        cells.append(cell)  # type: ignore[arg-type]  # the sentinel was refused above
    return Row(number, tuple(cells))


def _cell(value: object) -> object:
    """The value as a cell, or the sentinel: floats, objects and mixed lists name nobody."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(item.strip() for item in value)
    return _NOT_A_CELL
