"""A registry of a test's own that can be backed up, destroyed and restored: database, stores, keys, settings."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.log.history import connected_to, database_url, new_database

ORIGIN = "http://localhost:8000"


@dataclass
class Place:
    """Where one registry is kept; `database` is empty until something is restored or prepared in it.

    `object_store` and `key_store` are settings that stand instead of the folders.
    """

    root: Path
    objects: Path
    database: str
    secrets: dict[str, str] = field(
        default_factory=lambda: {
            name: secrets.token_urlsafe(48)
            for name in ("CONSENT_SECRET_KEY", "CONSENT_KEY_SECRET", "CONSENT_BACKUP_SECRET")
        }
    )
    object_store: str = ""
    key_store: str = ""

    def environment(self) -> dict[str, str]:
        """The settings of its processes."""
        return {
            "CONSENT_DATA_DIR": str(self.root),
            "CONSENT_OBJECT_STORE": self.object_store or f"file:{self.objects}",
            "CONSENT_KEY_STORE": self.key_store,
            "CONSENT_DATABASE_URL": self.database,
            "CONSENT_ORIGIN": ORIGIN,
            **self.secrets,
        }

    def settings(self) -> Any:
        """The same, read."""
        from consent.server.settings import read_settings

        return read_settings(self.environment())


@contextmanager
def empty_place(
    server: str, root: Path, *, objects: Path, secrets_of: "Place | None" = None, **stores: str
) -> Iterator[Place]:
    """An empty database and an empty data folder; Django is connected to the database for the block.

    `stores` are `object_store` and `key_store` of the place.
    """
    with new_database(server) as name:
        place = Place(root=root, objects=objects, database=database_url(server, name), **stores)
        if secrets_of is not None:
            place.secrets = dict(secrets_of.secrets)
        with connected_to(place.database):
            yield place


def checks_of(wiring: Any) -> Any:
    """What answers checks in one process of that registry, always from the primary, with real process keys."""
    from consent.check.answering import Answering
    from consent.check.primary import PrimaryChecks
    from consent.check.process_keys import ProcessKeys
    from tests.check.ledger.house import file_ledger

    keys = ProcessKeys(wiring.registry.signers)
    answering = Answering(wiring.registry, ledger=file_ledger(wiring.registry, keys), keys=keys)
    return PrimaryChecks(wiring.registry, answering=answering)


def ask(checks: Any, organization: str, performer: str) -> Any:
    """One check with an inline receipt."""
    from consent.check.caller import OrganizationCaller
    from consent.core.complete import StandingContext
    from consent.core.wire.decode import decode_check
    from consent.core.wire.encode import encode

    caller = OrganizationCaller(
        key="key_test",
        organization=organization,
        livemode=True,
        scopes=frozenset({"check"}),
        context=StandingContext(territory="DE", language="de", purpose="audiobook"),
        capabilities=frozenset({"label.audible", "mark.c2pa"}),
    )
    question = {"performer": performer, "use": "train.voice", "receipt": "inline"}
    return checks.check(decode_check(encode(question)), caller=caller)


def verify(receipt: str, trust: bytes) -> Any:
    """The receipt as anybody verifies it; raises if it does not hold."""
    from datetime import UTC, datetime, timedelta

    from signing.receipt import verify_receipt
    from signing.trust import parse_trust

    at = datetime.now(UTC) + timedelta(minutes=1)
    return verify_receipt(receipt, trust=parse_trust(trust), at=at, expected_audience=None)


def terms_of_now() -> dict[str, Any]:
    """The usual terms, in force by the real clock: this registry has no other."""
    from datetime import UTC, datetime, timedelta

    from signing.instants import format_instant
    from tests.registry.terms import terms

    now = datetime.now(UTC)
    return terms(
        valid_from=format_instant(now - timedelta(days=1)),
        valid_until=format_instant(now + timedelta(days=365)),
    )
