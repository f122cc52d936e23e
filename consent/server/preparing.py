"""Bring a database, its keys and both histories to what this version needs. Safe to run at every start."""

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from django.core.management import call_command
from django.db import OperationalError, connection

from consent.log.database_safety import MIN_SERVER_VERSION
from consent.log.errors import NotInitialisedError, RolledBackError
from consent.log.heads import read_head
from consent.log.start import start
from consent.registry.models import Credential
from consent.registry.operations.recovery import index_contacts
from consent.server.backup.erasing_again import erase_noted
from consent.server.embedded.errors import StartError
from consent.server.keys.derivation import keep_derivation_secret
from consent.server.keys.make import ensure_keys
from consent.server.keys.relying_party import record_relying_party
from consent.server.settings import Settings
from consent.server.wiring import Wiring, make_wiring

_MIGRATION_LOCK = 0x636F6E73  # "cons": one migration at a time, whoever runs it


def prepare(settings: Settings) -> Wiring:
    """Migrate, make the keys that lack, begin the histories; the wiring that results.

    Raises:
        StartError: the database, the keys or the settings do not fit each other.
        LogError: the database is unsafe, rolled back, or its guard or stores cannot be used.
    """
    with _only_migration():
        call_command("migrate", verbosity=0)
        now = datetime.now(UTC)
        ensure_keys(
            settings.storage.keys,
            secret=settings.secrets.key_secret,
            at=now,
            may_make=not _has_history(),
        )
        keep_derivation_secret(
            settings.storage.keys,
            secret=settings.secrets.key_secret,
            opens=settings.secrets.opening,
        )
        record_relying_party(
            settings.storage.keys,
            rp_id=settings.web.rp_id,
            signing_origin=settings.web.signing_origin,
            at=now,
            keys_exist=Credential.objects.exists(),
        )
        wiring = make_wiring(settings)
        start(wiring.registry.log)
        with contextlib.suppress(
            RolledBackError
        ):  # nothing may be written yet; the relay's timer comes round to it
            erase_noted(wiring.registry)
        while index_contacts(wiring.registry):
            pass  # a thousand a turn: performers from before there was an index
    return wiring


@contextmanager
def _only_migration() -> Iterator[None]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('server_version_num')::int")
            found = cursor.fetchone()[0]
            if found < MIN_SERVER_VERSION:
                raise StartError(f"PostgreSQL is {found // 10000}; the registry needs 15 or later")
            cursor.execute("SELECT pg_advisory_lock(%s)", [_MIGRATION_LOCK])
    except OperationalError as exc:
        raise StartError(
            "The database cannot be reached. Check CONSENT_DATABASE_URL, and that PostgreSQL is running there."
        ) from exc
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_MIGRATION_LOCK])


def _has_history() -> bool:
    try:
        return read_head(True).seq >= 0 or read_head(False).seq >= 0
    except NotInitialisedError:
        return False
