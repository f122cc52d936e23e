"""Reading a backup file to its end, and whether its keys may still be used; needs no database."""

from datetime import datetime, timedelta

from consent.server.backup.entries import read_entries
from consent.server.backup.errors import BackupError, TooOldError
from consent.server.backup.finding import BackupFile
from consent.server.backup.header import BackupHeader
from consent.server.backup.names import KEY_SECRET
from consent.server.backup.sealed_file import open_sealed
from signing.instants import format_instant

CLOCK_SKEW = timedelta(hours=1)


def read_through(file: BackupFile, *, secret: bytes) -> bytes | None:
    """Open every byte of a file; returns the key secret that it holds, if it is one of keys.

    Raises:
        SecretError, DamagedError: it does not open, or not to its end.
    """
    found: bytes | None = None
    with file.path.open("rb") as source:
        _, pieces = open_sealed(source, secret=secret, name=file.path.name)
        for name, blocks in read_entries(pieces):
            if name == KEY_SECRET:
                found = b"".join(blocks)
    return found


def require_in_time(keys: BackupHeader, *, now: datetime) -> None:
    """Refuse a file of keys that is older than seven days, by this machine's clock.

    Raises:
        TooOldError: its time is over.
        BackupError: the clock is behind the one that made it.
    """
    if keys.made_at > now + CLOCK_SKEW:
        raise BackupError(
            f"the backup is from {format_instant(keys.made_at)}, and this machine's clock says {format_instant(now)}: "
            "set the clock, because it decides whether the keys may still be restored"
        )
    if keys.expires_at is None or keys.expires_at <= now:
        raise TooOldError(
            f"the keys of this backup ended at {format_instant(keys.made_at + timedelta(days=7))}. They are not "
            "restored after seven days, because people who were erased since then would come back. Take a newer backup."
        )
