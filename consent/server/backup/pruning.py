"""What leaves a folder of backups: keys when their seven days are over, data when the operator says so.

Nothing leaves because a backup failed, and the last backup of which both files are there keeps its data.
"""

import contextlib
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from consent.log.erasures import KEY_BACKUP_LIFE
from consent.server.backup.errors import BackupError, DamagedError
from consent.server.backup.finding import NAME, BackupFile, FoundBackup, named_instant, survey
from consent.server.backup.header import parse_header
from consent.server.backup.sealed_file import read_header

MIN_KEEP_DAYS = (
    KEY_BACKUP_LIFE.days
)  # younger files of data are still worth something: their keys have not ended
# Whole files of keys, and what was being written when a process died, of both kinds.
_ENDING = re.compile(rf"\.?{NAME}\.(?:keys|(?:data|keys)\.[0-9a-f]{{8}}\.part)", re.ASCII)


def prune(folder: Path, *, now: datetime, keep_days: int | None = None) -> list[Path]:
    """Remove what `ended` and `outdated` name; returns which.

    Raises:
        BackupError: the folder cannot be read, or a file not removed.
    """
    try:
        removed = ended(folder, now=now)
        for path in removed:
            path.unlink(missing_ok=True)
        if keep_days is not None:
            data = outdated(folder, now=now, keep_days=keep_days)
            for path in data:
                path.unlink(missing_ok=True)
            removed += data
    except OSError as exc:
        raise BackupError(f"{folder} cannot be read and tidied: {exc.strerror}") from exc
    return removed


def ended(folder: Path, *, now: datetime) -> list[Path]:
    """Files of keys whose time is over, damaged ones too, and what a backup that died left.

    Raises:
        BackupError: the folder cannot be read.
    """
    try:
        return [path for path in sorted(folder.iterdir()) if (at := _ends_at(path)) is not None and at <= now]
    except OSError as exc:
        raise BackupError(f"{folder} cannot be read and tidied: {exc.strerror}") from exc


def outdated(folder: Path, *, now: datetime, keep_days: int) -> list[Path]:
    """Files of data older than `keep_days`, if a younger backup is there whose keys have not ended; none otherwise.

    Raises:
        BackupError: `keep_days` is too few, or the folder cannot be read.
    """
    if keep_days < MIN_KEEP_DAYS:
        raise BackupError(f"{keep_days} days are too few: data is kept for {MIN_KEEP_DAYS} days at least")
    before = now - timedelta(days=keep_days)
    found = survey(folder)
    if not any(_lives(backup, now=now) for backup in found):
        return []
    return sorted(file.path for backup in found for file in _data_of(backup) if file.header.made_at < before)


def _lives(backup: FoundBackup, *, now: datetime) -> bool:
    try:
        _, keys = backup.pair()
    except DamagedError:
        return False
    return keys.header.expires_at is not None and keys.header.expires_at > now


def _data_of(backup: FoundBackup) -> Iterator[BackupFile]:
    return (file for file in backup.files if isinstance(file, BackupFile) and file.header.kind == "data")


def _ends_at(path: Path) -> datetime | None:
    """When a file of keys, or anything half-written, has to be gone; None for every other file."""
    named = _ENDING.fullmatch(path.name)
    if named is None and not path.match("consent-*.keys"):
        return None
    with contextlib.suppress(DamagedError), path.open("rb") as file:
        header = parse_header(read_header(file, name=path.name), name=path.name)
        return header.made_at + KEY_BACKUP_LIFE
    made_at = named_instant(path.name.removeprefix("."))
    return None if named is None or made_at is None else made_at + KEY_BACKUP_LIFE
