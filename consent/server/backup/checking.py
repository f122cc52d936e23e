"""Everything that is known before a restore touches anything: are the files whole, and is there room for them."""

import hmac
from datetime import datetime
from pathlib import Path

from django.db import connection
from django.db.migrations.loader import MigrationLoader

from consent.log.erasures import Erasure, ErasureNotes
from consent.server.backup.errors import BackupError, NotEmptyError, SecretError
from consent.server.backup.header import BackupHeader
from consent.server.backup.reading import CLOCK_SKEW
from consent.server.keys.index import FILE as KEY_INDEX
from consent.server.settings import Settings
from consent.server.stores import open_key_archive
from signing.instants import format_instant

_TABLES = """
SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
"""


def require_known_software(header: BackupHeader) -> None:
    """Refuse a backup that newer software made.

    Raises:
        BackupError: it has migrations that this software does not know.
    """
    known = MigrationLoader(None, ignore_no_migrations=True).disk_migrations
    unknown = [f"{app} {name}" for app, name in header.migrations.items() if (app, name) not in known]
    if unknown:
        raise BackupError(
            f"the backup was made by newer software (consent-registry {header.version}), with {', '.join(unknown)}: "
            "install that version, restore, and upgrade from there"
        )


def require_same_secret(kept: bytes, settings: Settings) -> None:
    """Refuse settings whose CONSENT_KEY_SECRET is not the one that the keys are encrypted under.

    Raises:
        SecretError: another one.
    """
    if not hmac.compare_digest(kept, settings.secrets.key_secret):
        raise SecretError(
            "the backup was made under another CONSENT_KEY_SECRET than this one. `consent-server restore --from FOLDER "
            "--key-secret-to FILE` writes it to a file; set CONSENT_KEY_SECRET_FILE to that, and restore again"
        )


def require_empty(settings: Settings) -> None:
    """Refuse to restore over anything: an empty database, no key files, an empty key store.

    Raises:
        NotEmptyError: names what is there.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TABLES)
        tables = cursor.fetchone()[0]
    if tables:
        raise NotEmptyError(
            f"the database holds {tables} tables already: restore into an empty one, such as one fresh from createdb"
        )
    if (settings.storage.keys / KEY_INDEX).exists():
        raise NotEmptyError(
            f"{settings.storage.keys} holds keys already: move it away, or set CONSENT_DATA_DIR"
        )
    store = settings.storage.key_store
    if isinstance(store, Path):
        there = store.exists() and any(store.iterdir())
    else:
        there = next(open_key_archive(settings).entries(), None) is not None
    if there:
        raise NotEmptyError("the key store holds keys already: use an empty one (CONSENT_KEY_STORE)")


def erasures_since(notes: ErasureNotes, *, now: datetime) -> list[Erasure]:
    """What was erased lately and must not come back.

    Raises:
        StoreError, ErasureNoteError: it cannot be known.
        BackupError: one is of the future: this machine's clock is behind.
    """
    found = list(notes.all())
    if found and max(each.at for each in found) > now + CLOCK_SKEW:
        raise BackupError(
            f"somebody was erased at {format_instant(found[-1].at)}, and this machine's clock says "
            f"{format_instant(now)}: set the clock, because it decides whether the keys may still be restored"
        )
    return found
