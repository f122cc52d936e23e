"""The manifest file itself: opened twice, the same bytes both times, in a format that is named or plain to see."""

import hashlib
import io
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from consent.client.manifests.csv_reader import CsvReader
from consent.client.manifests.jsonl_reader import JsonlReader
from consent.client.manifests.rows import ManifestError, RowReader

FORMATS = ("csv", "tsv", "jsonl")
_SUFFIXES = {".csv": "csv", ".tsv": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
_CHUNK_BYTES = 1 << 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A manifest on disk and how to read it. `name` is what reports call it."""

    path: Path
    name: str
    reader: RowReader

    @contextmanager
    def opened(self) -> Iterator["HashingStream"]:
        """The file's bytes, hashed as they are read. Raises ManifestError when it cannot be opened."""
        try:
            raw = self.path.open("rb", buffering=0)
        except (OSError, ValueError) as exc:
            raise ManifestError(f"expected a manifest at {self.path}, but it cannot be read: {exc}") from exc
        with raw, HashingStream(raw) as stream:
            yield stream


class HashingStream(io.BufferedReader):
    """Bytes of a file with the SHA-256 and the number of what was read."""

    def __init__(self, raw: io.FileIO) -> None:
        self._tap = _Tap(raw)
        super().__init__(self._tap, buffer_size=_CHUNK_BYTES)

    def finish(self) -> tuple[str, int]:
        """Read to the end; the SHA-256 in hex and the size of the whole file."""
        while self.read(_CHUNK_BYTES):
            pass
        return self._tap.sha256.hexdigest(), self._tap.size


class _Tap(io.RawIOBase):
    def __init__(self, raw: io.FileIO) -> None:
        self._raw = raw
        self.sha256 = hashlib.sha256()
        self.size = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]  # typeshed: Buffer
        count = self._raw.readinto(buffer) or 0
        self.sha256.update(memoryview(buffer)[:count])
        self.size += count
        return count


def open_manifest(
    path: Path, *, format_name: str = "", delimiter: str = "", encoding: str = "utf-8", name: str = ""
) -> Manifest:
    """A manifest by path; the format follows from the suffix unless it is named.

    Raises:
        ManifestError: an unknown format, or an option that this format does not have.
    """
    chosen = format_name or _SUFFIXES.get(path.suffix.lower(), "")
    if chosen not in FORMATS:
        raise ManifestError(
            f"expected a file ending in {', '.join(_SUFFIXES)}, got {path.name!r}; say --format csv, tsv or jsonl"
        )
    if chosen == "jsonl":
        if delimiter or encoding.lower().replace("_", "-") not in {"utf-8", "utf8"}:
            raise ManifestError(
                "JSON Lines are UTF-8 and have no delimiter; leave out --delimiter and --encoding"
            )
        reader: RowReader = JsonlReader()
    else:
        reader = CsvReader(delimiter=delimiter or ("\t" if chosen == "tsv" else ","), encoding=encoding)
    return Manifest(path=path, name=name or path.name, reader=reader)


@contextmanager
def spooled(stream: BinaryIO) -> Iterator[Path]:
    """A pipe's bytes as a file that can be read twice; removed afterwards."""
    with tempfile.NamedTemporaryFile(prefix="consent-manifest-") as file:
        shutil.copyfileobj(stream, file, _CHUNK_BYTES)
        file.flush()
        yield Path(file.name)
