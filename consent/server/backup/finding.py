"""The backups of a folder: which files belong together, which of them cannot be read, and which have ended."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from consent.server.backup.errors import BackupError, DamagedError
from consent.server.backup.header import KINDS, MADE_AT, BackupHeader, parse_header
from consent.server.backup.sealed_file import read_header

NAME = r"consent-(?P<made_at>[0-9]{8}T[0-9]{6}Z)-[0-9a-f]{8}"  # by `making`; a kind follows
_NAMED = re.compile(NAME, re.ASCII)
_UNKNOWN = datetime.max.replace(tzinfo=UTC)  # it may be the newest


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupFile:
    """One file, and what its header claims; only its secret proves that."""

    path: Path
    header: BackupHeader


@dataclass(frozen=True, slots=True, kw_only=True)
class DamagedFile:
    """A file that is named like a backup and has no header that could be read."""

    path: Path
    why: DamagedError


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundBackup:
    """The files of one backup. `made_at` is what they claim, or a damaged one's name; None if nothing says it."""

    name: str
    made_at: datetime | None
    files: tuple[BackupFile | DamagedFile, ...]

    def pair(self) -> tuple[BackupFile, BackupFile]:
        """Data and keys.

        Raises:
            DamagedError: one of them cannot be read, or is not there.
        """
        found = {file.header.kind: file for file in self.files if isinstance(file, BackupFile)}
        if len(found) < len(KINDS):
            for file in self.files:
                if isinstance(file, DamagedFile):
                    raise file.why
            absent = next(kind for kind in KINDS if kind not in found)
            raise DamagedError(f"{self.name}: its file of {absent} is not there")
        data, keys = found["data"], found["keys"]
        if data.header.backup != keys.header.backup:
            raise DamagedError(f"{data.path.name} and {keys.path.name} are not of one backup")
        return data, keys


def survey(folder: Path) -> list[FoundBackup]:
    """Every backup of `folder`, the newest first; before all others those of which nobody can say how old they are.

    Raises:
        BackupError: the folder cannot be read.
    """
    grouped: dict[str, list[BackupFile | DamagedFile]] = {}
    for file in backup_files(folder):
        name = Path(file.header.file).stem if isinstance(file, BackupFile) else file.path.stem
        grouped.setdefault(name, []).append(file)
    found = [
        FoundBackup(name=name, made_at=_made_at(files), files=tuple(files)) for name, files in grouped.items()
    ]
    return sorted(found, key=lambda each: (each.made_at or _UNKNOWN, each.name), reverse=True)


def backup_files(folder: Path) -> Iterator[BackupFile | DamagedFile]:
    """Every backup file of `folder` by name, also those that cannot be read.

    Raises:
        BackupError: the folder cannot be read.
    """
    try:
        paths = sorted(path for kind in KINDS for path in folder.glob(f"consent-*.{kind}"))
        if not folder.is_dir():
            raise BackupError(f"{folder} is not a folder")
        for path in paths:
            yield _read(path)
    except OSError as exc:
        raise BackupError(f"{folder} cannot be read: {exc.strerror}") from exc


def _read(path: Path) -> BackupFile | DamagedFile:
    with path.open("rb") as file:
        try:
            return BackupFile(
                path=path, header=parse_header(read_header(file, name=path.name), name=path.name)
            )
        except DamagedError as exc:
            return DamagedFile(path=path, why=exc)


def _made_at(files: Iterable[BackupFile | DamagedFile]) -> datetime | None:
    instants = [
        file.header.made_at if isinstance(file, BackupFile) else named_instant(file.path.stem)
        for file in files
    ]
    return max((instant for instant in instants if instant is not None), default=None)


def named_instant(name: str) -> datetime | None:
    """When a file of this name was made; None where the name does not say it."""
    named = _NAMED.match(name)
    if named is None:
        return None
    try:
        return datetime.strptime(named["made_at"], MADE_AT).replace(tzinfo=UTC)
    except ValueError:
        return None
