"""Erasures are noted beside the database, for restored backups, and forgotten when no backup can bring them back."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from consent.log.erasures import (
    KEY_BACKUP_LIFE,
    NOTE_LIFE,
    PREFIX,
    forget_notes,
    note_erasure,
    noted_erasures,
)
from consent.log.errors import ErasureNoteError, KeyStoreError
from consent.log.storage_file import FileObjectStore

AT = datetime(2026, 12, 1, 9, tzinfo=UTC)
ADA, BEA = UUID(int=1), UUID(int=2)


@pytest.fixture
def objects(tmp_path: Path) -> FileObjectStore:
    return FileObjectStore(tmp_path)


def test_what_was_noted_is_read_back_oldest_first(objects: FileObjectStore) -> None:
    note_erasure(objects, at=AT + timedelta(hours=1), performer=BEA, records=["r2"])
    note_erasure(objects, at=AT, performer=ADA, records=["r1", "r0", "r1"])
    assert [(each.at, each.performer, each.records) for each in noted_erasures(objects)] == [
        (AT, ADA, ("r0", "r1")),
        (AT + timedelta(hours=1), BEA, ("r2",)),
    ]


def test_a_note_stays_as_long_as_a_backup_of_keys_from_before_it_may_be_restored(
    objects: FileObjectStore,
) -> None:
    note_erasure(objects, at=AT, performer=ADA, records=["r0"])
    assert forget_notes(objects, now=AT + KEY_BACKUP_LIFE) == 0
    assert forget_notes(objects, now=AT + NOTE_LIFE) == 0
    assert forget_notes(objects, now=AT + NOTE_LIFE + timedelta(seconds=1)) == 1
    assert list(noted_erasures(objects)) == []


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
def test_a_note_that_cannot_be_read_stops_whoever_restores(objects: FileObjectStore, note: bytes) -> None:
    objects.put(f"{PREFIX}20261201T090000Z-ab", note, immutable=True)
    with pytest.raises(ErasureNoteError, match=r"erased/20261201T090000Z-ab"):
        list(noted_erasures(objects))


def test_only_ids_of_records_are_noted(objects: FileObjectStore) -> None:
    with pytest.raises(KeyStoreError):
        note_erasure(objects, at=AT, performer=ADA, records=["Adelheid Querfurth"])
    assert list(objects.keys("")) == []
