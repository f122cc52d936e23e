"""What the readers yield: rows reduced to the columns that matter, or the reason why a row cannot be read."""

from collections.abc import Iterator, Sequence
from typing import BinaryIO, NamedTuple, Protocol

from consent.client.errors import ConsentError

MAX_LINE_CHARS = 1 << 20  # one physical line; a longer one is not a manifest of utterances
Cell = str | int | bool | tuple[str, ...] | None


class ManifestError(ConsentError):
    """The file as a whole cannot be read as a manifest: wrong format, encoding or columns."""


class Row(NamedTuple):
    """One row: the physical line it starts on (from 1) and the cells of the wanted columns, in their order.

    `fault` says why the row cannot be asked about; `cells` is then empty. An absent JSON member is None.
    """

    line: int
    cells: tuple[Cell, ...]
    fault: str = ""


class RowReader(Protocol):
    """Reads one format. Memory does not grow with the file."""

    def __call__(self, stream: BinaryIO, *, wanted: Sequence[str]) -> Iterator[Row]:
        """Yield every row. Raises ManifestError when the file as a whole cannot be read."""


def shown(value: object, limit: int = 60) -> str:
    """A foreign value for a message: short, quoted, and without anything a terminal would obey."""
    text = str(value)
    return ascii(text[:limit] + ("…" if len(text) > limit else "")).replace("\\u2026", "…")
