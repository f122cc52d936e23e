"""The backups of a folder: which files belong together, which are whole, and which have ended."""

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from consent.log.erasures import KEY_BACKUP_LIFE
from consent.server.backup.errors import BackupError, DamagedError
from consent.server.backup.header import KINDS, MADE_AT, BackupHeader, parse_header
from consent.server.backup.sealed_file import read_header

# Named by `making`: whole files of keys, and what was being written when a process died, of both kinds.
_NAME = r"consent-(?P<made_at>[0-9]{8}T[0-9]{6}Z)-[0-9a-f]{8}"
_ENDING = re.compile(rf"\.?{_NAME}\.(?:keys|(?:data|keys)\.[0-9a-f]{{8}}\.part)", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupFile:
    """One file, and what its header claims; only its secret proves that."""

    path: Path
    header: BackupHeader


def backup_files(folder: Path) -> Iterator[BackupFile]:
    """Every backup file of `folder` by name.

    Raises:
        DamagedError: a file is named like a backup and is none.
        BackupError: the folder cannot be read.
    """
    try:
        paths = sorted(path for kind in KINDS for path in folder.glob(f"consent-*.{kind}"))
        if not folder.is_dir():
            raise BackupError(f"{folder} is not a folder")
        for path in paths:
            with path.open("rb") as file:
                yield BackupFile(
                    path=path, header=parse_header(read_header(file, name=path.name), name=path.name)
                )
    except OSError as exc:
        raise BackupError(f"{folder} cannot be read: {exc.strerror}") from exc


def newest_pair(folder: Path) -> tuple[BackupFile, BackupFile]:
    """Data and keys of the newest backup that has both.

    Raises:
        BackupError: there is none.
    """
    found = list(backup_files(folder))
    keys = {each.header.backup: each for each in found if each.header.kind == "keys"}
    pairs = [
        (each, keys[each.header.backup])
        for each in found
        if each.header.kind == "data" and each.header.backup in keys
    ]
    if not pairs:
        raise BackupError(
            f"{folder} has no whole backup: {len(found) - len(keys)} files of data and {len(keys)} of keys, and no two "
            "of one backup. Files of keys are removed after seven days; take a newer backup."
        )
    return max(pairs, key=lambda pair: pair[0].header.made_at)


def prune(folder: Path, *, now: datetime) -> list[Path]:
    """Remove files of keys whose time is over, damaged ones too, and what a backup that died left; returns which.

    Raises:
        BackupError: the folder cannot be read, or a file not removed.
    """
    try:
        ended = [
            path for path in sorted(folder.iterdir()) if (at := _ends_at(path)) is not None and at <= now
        ]
        for path in ended:
            path.unlink(missing_ok=True)
    except OSError as exc:
        raise BackupError(f"{folder} cannot be read and tidied: {exc.strerror}") from exc
    return ended


def _ends_at(path: Path) -> datetime | None:
    """When a file of keys, or anything half-written, has to be gone; None for every other file."""
    named = _ENDING.fullmatch(path.name)
    if named is None and not path.match("consent-*.keys"):
        return None
    with contextlib.suppress(DamagedError), path.open("rb") as file:
        header = parse_header(read_header(file, name=path.name), name=path.name)
        return header.made_at + KEY_BACKUP_LIFE
    if named is None:
        return None
    with contextlib.suppress(ValueError):
        return datetime.strptime(named["made_at"], MADE_AT).replace(tzinfo=UTC) + KEY_BACKUP_LIFE
    return None
