"""Getting CONSENT_KEY_SECRET back out of a backup, for whoever has lost it: no other setting is needed."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from consent.log import durable_file
from consent.server.backup.errors import BackupError, DamagedError, SecretError
from consent.server.backup.finding import newest_pair
from consent.server.backup.reading import read_through, require_in_time
from consent.server.settings.environment import Environment


def backup_secret_of(variables: Mapping[str, str]) -> bytes:
    """CONSENT_BACKUP_SECRET, or what CONSENT_BACKUP_SECRET_FILE names.

    Raises:
        SecretError: it is not set, or its file cannot be read.
    """
    environment = Environment(variables)
    secret = environment.text("CONSENT_BACKUP_SECRET")
    if not secret:
        why = "; ".join(f"{fault.name} {fault.wrong}" for fault in environment.faults)
        raise SecretError(
            f"CONSENT_BACKUP_SECRET is not set{why and f' ({why})'}: it must be the one that the backup was made with"
        )
    return secret.encode()


def restore_key_secret(secret: bytes, folder: Path, *, target: Path, now: datetime | None = None) -> None:
    """Write the CONSENT_KEY_SECRET of the newest backup in `folder` to a new file `target`; restores nothing.

    Raises:
        BackupError: no backup, its time is over, it does not open, or `target` exists.
    """
    _, keys = newest_pair(folder)
    require_in_time(keys.header, now=now or datetime.now(UTC))
    found = read_through(keys, secret=secret)
    if found is None:
        raise DamagedError(f"{keys.path.name} holds no key secret")
    target = target.absolute()
    if not durable_file.create(target, found + b"\n"):
        raise BackupError(f"{target} exists already")
