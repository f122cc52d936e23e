"""Erasures are noted beside the database, for restored backups, and forgotten when no backup can bring them back."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from consent.log.erasures import KEY_BACKUP_LIFE, NOTE_LIFE, PREFIX, Erasure, ErasureNotes
from consent.log.errors import ErasureNoteError, KeyStoreError
from consent.log.keystore_file import FileKeyStore
from consent.log.ports import erasure_notes, log_ports
from consent.log.storage_file import FileObjectStore
from signing.canonical import canonicalize, parse

AT = datetime(2026, 12, 1, 9, tzinfo=UTC)
ADA, BEA = UUID(int=1), UUID(int=2)
DERIVATION = b"what this registry began with ..."


@pytest.fixture
def objects(tmp_path: Path) -> FileObjectStore:
    return FileObjectStore(tmp_path)


@pytest.fixture
def notes(objects: FileObjectStore) -> ErasureNotes:
    return erasure_notes(objects, derivation=DERIVATION)


def _rewritten(objects: FileObjectStore, *, name: str | None = None, **changes: Any) -> str:
    """The only note there is, with other members or another name; the name it has now."""
    [former] = objects.keys(PREFIX)
    note: Any = parse(objects.get(former))
    objects.delete(former)
    objects.put(name or former, canonicalize({**note, **changes}), immutable=True)
    return name or former


def test_what_was_noted_is_read_back_oldest_first(notes: ErasureNotes) -> None:
    notes.note(at=AT + timedelta(hours=1), performer=BEA, records=["r2"])
    notes.note(at=AT, performer=ADA, records=["r1", "r0", "r1"])
    assert [(each.at, each.performer, each.records) for each in notes.all()] == [
        (AT, ADA, ("r0", "r1")),
        (AT + timedelta(hours=1), BEA, ("r2",)),
    ]


def test_a_note_stays_as_long_as_a_backup_of_keys_from_before_it_may_be_restored(
    notes: ErasureNotes,
) -> None:
    notes.note(at=AT, performer=ADA, records=["r0"])
    assert notes.forget(now=AT + KEY_BACKUP_LIFE) == 0
    assert notes.forget(now=AT + NOTE_LIFE) == 0
    assert notes.forget(now=AT + NOTE_LIFE + timedelta(seconds=1)) == 1
    assert list(notes.all()) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"performer": str(BEA)},
        {"records": ["r0", "r1"]},
        {"records": []},
        {"at": "2026-12-01T08:00:00Z"},
        {"mac": "0" * 64},
        {"mac": ""},
        {"mac": 1},
        {"mac": None},
        {"mac": "ä" * 64},
        {"more": True},
        {"name": f"{PREFIX}20991201T090000Z-ab"},
        {"name": f"{PREFIX}20200101T000000Z-ab"},
    ],
)
def test_a_note_that_somebody_changed_or_renamed_erases_nobody(
    notes: ErasureNotes, objects: FileObjectStore, changes: dict[str, Any]
) -> None:
    notes.note(at=AT, performer=ADA, records=["r0"])
    name = _rewritten(objects, **changes)
    with pytest.raises(
        ErasureNoteError, match=f"{name} says that somebody was erased, and was not made by this"
    ):
        list(notes.all())


def test_a_note_of_another_registry_erases_nobody(notes: ErasureNotes, objects: FileObjectStore) -> None:
    erasure_notes(objects, derivation=b"another registry's first secret ..").note(
        at=AT, performer=ADA, records=["r0"]
    )
    with pytest.raises(ErasureNoteError, match="not made by this registry"):
        list(notes.all())


def test_a_note_without_a_mac_erases_nobody(notes: ErasureNotes, objects: FileObjectStore) -> None:
    note = {
        "schema": "consent-registry/erased/v1",
        "at": "2026-12-01T09:00:00Z",
        "performer": str(ADA),
        "records": [],
    }
    objects.put(f"{PREFIX}20261201T090000Z-ab", canonicalize(note), immutable=True)
    with pytest.raises(ErasureNoteError, match="not made by this registry"):
        list(notes.all())


def test_a_note_that_is_refused_holds_up_no_other(notes: ErasureNotes, objects: FileObjectStore) -> None:
    notes.note(at=AT, performer=ADA, records=["r0"])
    objects.put(f"{PREFIX}20200101T000000Z-ab", b"{}", immutable=True)
    refused, followed = notes.each()
    assert isinstance(refused, ErasureNoteError)
    assert isinstance(followed, Erasure) and followed.performer == ADA


def test_a_rotation_of_the_key_secret_changes_no_note(objects: FileObjectStore, tmp_path: Path) -> None:
    def ports(secret: bytes) -> Any:
        return log_ports(
            key_store=FileKeyStore(tmp_path / "keys"),
            objects=objects,
            key_secret=secret,
            derivation=DERIVATION,
        )

    ports(b"before the rotation ............").erasures.note(at=AT, performer=ADA, records=["r0"])
    [found] = ports(b"after the rotation .............").erasures.all()
    assert found.performer == ADA


@pytest.mark.parametrize(
    "note",
    [
        b"",
        b"{}",
        b"[]",
        b'{"schema":"consent-registry/erased/v1"}',
        b'{"schema":"x"}',
        b"\xff",
        b'{"at":"2026-12-01T09:00:00Z","performer":"prf_x","records":[],"schema":"consent-registry/erased/v1"}',
    ],
)
def test_a_note_that_cannot_be_read_stops_whoever_restores(
    notes: ErasureNotes, objects: FileObjectStore, note: bytes
) -> None:
    objects.put(f"{PREFIX}20261201T090000Z-ab", note, immutable=True)
    with pytest.raises(ErasureNoteError, match=r"erased/20261201T090000Z-ab"):
        list(notes.all())


def test_only_ids_of_records_are_noted(notes: ErasureNotes, objects: FileObjectStore) -> None:
    with pytest.raises(KeyStoreError):
        notes.note(at=AT, performer=ADA, records=["Adelheid Querfurth"])
    assert list(objects.keys("")) == []
