"""Getting CONSENT_KEY_SECRET back out of a backup, for whoever has lost it: no other setting is needed."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from consent.log import durable_file
from consent.server.backup.choosing import choose
from consent.server.backup.errors import BackupError, SecretError
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


def restore_key_secret(
    secret: bytes, folder: Path, *, target: Path, allow_older: bool = False, now: datetime | None = None
) -> None:
    """Write the CONSENT_KEY_SECRET of the newest backup in `folder` to a new file `target`; restores nothing.

    Only its file of keys is opened, the file of data need only be there.

    Raises:
        OlderError: something newer cannot be used, and `allow_older` was not said.
        BackupError: no backup, its time is over, it does not open, or `target` exists.
    """
    chosen = choose(
        folder, secret=secret, now=now or datetime.now(UTC), allow_older=allow_older, kinds=("keys",)
    )
    target = target.absolute()
    if not durable_file.create(target, chosen.key_secret + b"\n"):
        raise BackupError(f"{target} exists already")
