"""A laptop's data folder as the place of a restore: its own PostgreSQL runs for as long as that takes."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from consent.server.backup.key_secret import backup_secret_of, restore_key_secret
from consent.server.embedded.errors import StartError
from consent.server.embedded.folder_lock import FolderLock
from consent.server.embedded.postgres import EmbeddedPostgres
from consent.server.laptop.folder import SERVER_ENV, LaptopFolder
from consent.server.settings.storage import DEFAULT_DATA_DIR

_SECRETS = ("CONSENT_SECRET_KEY", "CONSENT_KEY_SECRET", "CONSENT_BACKUP_SECRET")


def is_laptop() -> bool:
    """Whether no database is named, and no registry runs in the data folder."""
    named = any(os.environ.get(name) for name in ("CONSENT_DATABASE_URL", "CONSENT_DATABASE_URL_FILE"))
    return not named and not ((_root() / SERVER_ENV).exists() and _is_running(_root()))


@contextmanager
def laptop_place(backups: Path | None, *, allow_older: bool = False) -> Iterator[None]:
    """Settings of the data folder in the environment, and its PostgreSQL running, while the block lasts.

    The key secret comes out of the newest backup in `backups` where the folder has none yet.

    Raises:
        StartError: a registry runs there, or PostgreSQL does not.
        BackupError: the backup cannot be used.
    """
    folder = LaptopFolder(root=_root())
    folder.make()
    lock = FolderLock(folder.root / "lock")
    lock.acquire()
    postgres = EmbeddedPostgres(folder.postgres)
    try:
        key_secret = folder.root / "secrets" / "key_secret"
        if backups is not None and not key_secret.exists() and not _is_set("CONSENT_KEY_SECRET"):
            restore_key_secret(_backup_secret(folder), backups, target=key_secret, allow_older=allow_older)
        for name in _SECRETS:
            if not _is_set(name):
                os.environ[f"{name}_FILE"] = str(folder.secret(name.removeprefix("CONSENT_").lower()))
        print(
            f"CONSENT_DATABASE_URL is not set: the place is {folder.root}, with a PostgreSQL of its own.",
            flush=True,
        )
        postgres.start()
        os.environ |= {"CONSENT_DATA_DIR": str(folder.root), "CONSENT_DATABASE_URL": postgres.url}
        yield
    finally:
        postgres.stop()
        lock.release()


def _is_running(root: Path) -> bool:
    """Whether somebody holds the folder; one that was killed left its settings there, and nobody behind them."""
    lock = FolderLock(root / "lock")
    try:
        lock.acquire()
    except StartError:
        return True
    lock.release()
    return False


def _root() -> Path:
    return Path(os.environ.get("CONSENT_DATA_DIR", "").strip() or DEFAULT_DATA_DIR).absolute()


def _is_set(name: str) -> bool:
    return bool(os.environ.get(name) or os.environ.get(f"{name}_FILE"))


def _backup_secret(folder: LaptopFolder) -> bytes:
    """As set; or as the folder has it, where only its database was lost."""
    kept = folder.root / "secrets" / "backup_secret"
    if not _is_set("CONSENT_BACKUP_SECRET") and kept.exists():
        return kept.read_bytes().strip()
    return backup_secret_of(os.environ)
