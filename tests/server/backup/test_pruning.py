"""Nothing that holds keys outlives its seven days: neither a damaged file, nor one that was never finished."""

import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from consent.server.backup.errors import BackupError
from consent.server.backup.pruning import prune
from consent.server.backup.header import BackupHeader, write_header
from consent.server.backup.sealed_file import SealedWriter

MADE = datetime(2026, 12, 1, 9, tzinfo=UTC)
ENDED = MADE + timedelta(days=7)
HEADER = BackupHeader(
    kind="keys",
    backup=secrets.token_hex(16),
    made_at=MADE,
    origin="http://localhost:8000",
    database_id="d",
    key_store_id="k",
    heads={"live": 1, "test": 0},
    acknowledged={"live": 1, "test": None},
    version="1",
    migrations={},
    postgres=16,
)


def _write(path: Path, header: BackupHeader) -> Path:
    with path.open("wb") as file:
        SealedWriter(file, header=write_header(header), secret=b"a secret of the tests, long enough").finish()
    return path


def test_what_a_backup_that_died_left_ends_with_its_seven_days(tmp_path: Path) -> None:
    part = _write(tmp_path / f".{HEADER.file}.0a1b2c3d.part", HEADER)
    data = replace(HEADER, kind="data")
    empty = tmp_path / f".{data.file}.0a1b2c3d.part"  # it died before it wrote anything
    empty.touch()
    assert prune(tmp_path, now=ENDED - timedelta(seconds=1)) == []
    assert sorted(prune(tmp_path, now=ENDED)) == sorted([part, empty])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("left", [0, 40, 300])
def test_a_damaged_file_ends_like_any_other_and_keeps_none_alive(tmp_path: Path, left: int) -> None:
    damaged = _write(tmp_path / HEADER.file, HEADER)
    damaged.write_bytes(damaged.read_bytes()[:left])
    other = replace(HEADER, backup="f" * 32, made_at=MADE - timedelta(hours=1))
    whole = _write(tmp_path / other.file, other)
    (tmp_path / "consent-notes.keys").write_bytes(b"somebody's own")
    assert prune(tmp_path, now=ENDED - timedelta(seconds=1)) == [whole]
    assert prune(tmp_path, now=ENDED) == [damaged]


def test_a_file_by_another_name_ends_by_what_it_says(tmp_path: Path) -> None:
    renamed = _write(tmp_path / "consent-weekly.keys", HEADER)
    assert prune(tmp_path, now=ENDED) == [renamed]


def test_data_has_no_such_end(tmp_path: Path) -> None:
    data = replace(HEADER, kind="data")
    _write(tmp_path / data.file, data)
    assert prune(tmp_path, now=ENDED + timedelta(days=4000)) == []


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="gone"):
        prune(tmp_path / "gone", now=ENDED)
