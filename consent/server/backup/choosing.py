"""Which backup of a folder is taken: the newest that opens whole, and never silently an older one than there was."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from consent.server.backup.errors import BackupError, DamagedError, OlderError, SecretError
from consent.server.backup.finding import BackupFile, FoundBackup, survey
from consent.server.backup.header import KINDS, Kind
from consent.server.backup.latest import NotedBackup
from consent.server.backup.reading import read_through, require_in_time
from signing.instants import format_instant

ALLOW_OLDER = "--older-than-newest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A backup that opened to its last byte. `passed_over` says of each that may be newer why it was not taken."""

    data: BackupFile
    keys: BackupFile
    key_secret: bytes
    passed_over: tuple[str, ...]


def choose(
    folder: Path,
    *,
    secret: bytes,
    now: datetime,
    allow_older: bool,
    kinds: Sequence[Kind] = KINDS,
    noted: NotedBackup | None = None,
) -> Chosen:
    """The newest backup of `folder` of which the files of `kinds` open to their last byte.

    `noted` is the last backup that the registry remembers to have made: it need not be in this folder.

    Raises:
        OlderError: something that may be newer cannot be used, and `allow_older` was not said.
        TooOldError: its seven days are over.
        SecretError, DamagedError: nothing in the folder can be used; the first reason, and all of them in words.
        BackupError: there is no whole backup.
    """
    passed: list[tuple[str, BackupError]] = []
    for backup in survey(folder):
        try:
            data, keys = backup.pair()
            found = {file.header.kind: read_through(file, secret=secret) for file in _of(data, keys, kinds)}
        except (DamagedError, SecretError) as exc:
            passed.append((_words(backup, exc, now=now), exc))
            continue
        words = [each for each, _ in passed]
        if noted is not None and noted.made_at > data.header.made_at and noted.backup != data.header.backup:
            told = f"made at {format_instant(noted.made_at)}, as the object store remembers; it is not in {folder}"
            if not any(noted.backup[:8] in each for each in words):
                words.insert(0, told)
        _require_newest(words, data, now=now, allow_older=allow_older)
        require_in_time(keys.header, now=now)
        key_secret = found["keys"]
        if key_secret is None:
            raise DamagedError(f"{keys.path.name} holds no key secret")
        return Chosen(data=data, keys=keys, key_secret=key_secret, passed_over=tuple(words))
    raise _none_of(folder, passed)


def age_words(made_at: datetime, *, now: datetime) -> str:
    """How old something is, for a person: minutes, hours with a half, days."""
    age = max(now - made_at, timedelta(0))
    minutes = round(age / timedelta(minutes=1))
    if minutes < 120:
        return f"{minutes} minutes old"
    hours = round(age / timedelta(hours=1))
    return f"{hours} hours old" if hours < 72 else f"{age.days} days old"


def _of(data: BackupFile, keys: BackupFile, kinds: Sequence[Kind]) -> Iterator[BackupFile]:
    """Keys first: they are small, and tell another secret at once."""
    return (file for file in (keys, data) if file.header.kind in kinds)


def _words(backup: FoundBackup, why: BackupError, *, now: datetime) -> str:
    age = "of unknown age" if backup.made_at is None else age_words(backup.made_at, now=now)
    return f"{backup.name} ({age}): {why}"


def _require_newest(passed: Sequence[str], data: BackupFile, *, now: datetime, allow_older: bool) -> None:
    if not passed or allow_older:
        return
    listed = "\n".join(f"  {each}" for each in passed)
    made_at = data.header.made_at
    raise OlderError(
        f"what may be the newest backup cannot be used:\n{listed}\nThe newest that opens whole is of "
        f"{format_instant(made_at)}, {age_words(made_at, now=now)}: {data.path.name}. What was told since then is "
        f"not in it. Look for another copy of the newer one first; {ALLOW_OLDER} takes this one."
    )


def _none_of(folder: Path, passed: Sequence[tuple[str, BackupError]]) -> BackupError:
    if not passed:
        return BackupError(
            f"{folder} has no whole backup: there are no files of one. Is it the right folder?"
        )
    listed = "\n".join(f"  {words}" for words, _ in passed)
    first = passed[0][1]
    return type(first)(f"{folder} has no whole backup that opens:\n{listed}")
