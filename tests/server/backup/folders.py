"""Folders of small backup files that nobody made from a registry."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from consent.server.backup.entries import EntryWriter
from consent.server.backup.header import KINDS, BackupHeader, write_header
from consent.server.backup.names import KEY_SECRET
from consent.server.backup.sealed_file import SealedWriter

SECRET = b"a secret of the tests, long enough"
MADE = datetime(2026, 12, 1, 9, tzinfo=UTC)
HEADER = BackupHeader(
    kind="keys",
    backup="0123456789abcdef" * 2,
    made_at=MADE,
    origin="http://localhost:8000",
    database_id="d",
    key_store_id="k",
    heads={"live": 1, "test": 0},
    acknowledged={"live": 1, "test": None},
    version="1",
    migrations={},
    postgres=16,
)


def header_at(made_at: datetime) -> BackupHeader:
    """A backup's header of that instant, with an id of its own."""
    name = hashlib.sha256(made_at.isoformat().encode()).hexdigest()[:32]
    return replace(HEADER, backup=name, made_at=made_at)


def write_file(path: Path, header: BackupHeader, *, secret: bytes = SECRET) -> Path:
    """One sealed file; keys hold a key secret that tells the backup's id."""
    with path.open("wb") as file:
        writer = SealedWriter(file, header=write_header(header), secret=secret)
        entries = EntryWriter(writer.write)
        if header.kind == "keys":
            entries.add(KEY_SECRET, [header.backup.encode()])
        entries.finish()
        writer.finish()
    return path


def write_pair(folder: Path, made_at: datetime, *, secret: bytes = SECRET) -> dict[str, Path]:
    """Both files of a backup, by kind."""
    folder.mkdir(exist_ok=True)
    headers = (replace(header_at(made_at), kind=kind) for kind in KINDS)
    return {header.kind: write_file(folder / header.file, header, secret=secret) for header in headers}
