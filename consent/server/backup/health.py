"""Is a folder of backups what an operator believes it to be: a young one that opens whole, and nothing wrong."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from consent.server.backup.choosing import age_words, choose
from consent.server.backup.errors import BackupError
from consent.server.backup.finding import DamagedFile, backup_files
from consent.server.backup.pruning import ended
from signing.instants import format_instant

DEFAULT_MAX_AGE_HOURS = 26  # one a day, and a timer that waits a while


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What a restore would take, in one sentence, and everything that is wrong; nothing wrong is healthy."""

    words: str
    wrong: tuple[str, ...]


def look(folder: Path, *, secret: bytes, now: datetime, max_age_hours: int) -> Health:
    """Open the newest backup of `folder` to its last byte, and look at the names and headers of all others.

    Raises:
        BackupError: the folder cannot be read.
    """
    damaged = [str(file.why) for file in backup_files(folder) if isinstance(file, DamagedFile)]
    over = [f"{path.name} has ended and is still here: prune it" for path in ended(folder, now=now)]
    try:
        chosen = choose(folder, secret=secret, now=now, allow_older=True)
    except BackupError as exc:
        return Health(words="Nothing here can be restored.", wrong=(str(exc), *over))
    header = chosen.data.header
    wrong = [f"{each}" for each in chosen.passed_over]
    wrong += [each for each in damaged if not any(each in told for told in wrong)]
    if now - header.made_at > timedelta(hours=max_age_hours):
        wrong.append(f"the newest whole backup is more than {max_age_hours} hours old")
    until = chosen.keys.header.expires_at
    return Health(
        words=f"Whole: {chosen.data.path.name}, {age_words(header.made_at, now=now)}; can be restored until "
        f"{format_instant(until) if until else 'ever'}.",
        wrong=(*wrong, *over),
    )
