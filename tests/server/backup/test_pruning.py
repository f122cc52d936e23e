"""Nothing that holds keys outlives its seven days: neither a damaged file, nor one that was never finished."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from consent.server.backup.errors import BackupError
from consent.server.backup.pruning import ended, outdated, prune
from tests.server.backup.folders import HEADER, MADE, write_file, write_pair

ENDED = MADE + timedelta(days=7)
DAY = timedelta(days=1)


def test_what_a_backup_that_died_left_ends_with_its_seven_days(tmp_path: Path) -> None:
    part = write_file(tmp_path / f".{HEADER.file}.0a1b2c3d.part", HEADER)
    data = replace(HEADER, kind="data")
    empty = tmp_path / f".{data.file}.0a1b2c3d.part"  # it died before it wrote anything
    empty.touch()
    assert prune(tmp_path, now=ENDED - timedelta(seconds=1)) == []
    assert sorted(prune(tmp_path, now=ENDED)) == sorted([part, empty])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("left", [0, 40, 300])
def test_a_damaged_file_ends_like_any_other_and_keeps_none_alive(tmp_path: Path, left: int) -> None:
    damaged = write_file(tmp_path / HEADER.file, HEADER)
    damaged.write_bytes(damaged.read_bytes()[:left])
    other = replace(HEADER, backup="f" * 32, made_at=MADE - timedelta(hours=1))
    whole = write_file(tmp_path / other.file, other)
    (tmp_path / "consent-notes.keys").write_bytes(b"somebody's own")
    assert prune(tmp_path, now=ENDED - timedelta(seconds=1)) == [whole]
    assert prune(tmp_path, now=ENDED) == [damaged]


def test_a_file_by_another_name_ends_by_what_it_says(tmp_path: Path) -> None:
    renamed = write_file(tmp_path / "consent-weekly.keys", HEADER)
    assert prune(tmp_path, now=ENDED) == [renamed]


def test_data_has_no_such_end(tmp_path: Path) -> None:
    data = replace(HEADER, kind="data")
    write_file(tmp_path / data.file, data)
    assert prune(tmp_path, now=ENDED + timedelta(days=4000)) == []


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="gone"):
        prune(tmp_path / "gone", now=ENDED)


def test_data_leaves_only_when_a_younger_backup_lives(tmp_path: Path) -> None:
    old, young = write_pair(tmp_path, MADE), write_pair(tmp_path, MADE + 20 * DAY)
    now = MADE + 21 * DAY
    assert prune(tmp_path, now=now) == [old["keys"]]
    assert prune(tmp_path, now=now, keep_days=21) == []
    assert prune(tmp_path, now=now + DAY, keep_days=21) == [old["data"]]
    assert sorted(tmp_path.iterdir()) == sorted(young.values())


def test_weeks_without_a_backup_remove_no_data(tmp_path: Path) -> None:
    """Nobody restores these without keys; but they are what there is, and somebody may have the keys elsewhere."""
    pairs = [write_pair(tmp_path, MADE + days * DAY) for days in range(3)]
    removed = prune(tmp_path, now=MADE + 40 * DAY, keep_days=7)
    assert sorted(removed) == sorted(pair["keys"] for pair in pairs)
    assert sorted(tmp_path.iterdir()) == sorted(pair["data"] for pair in pairs)


@pytest.mark.parametrize("kind", ["data", "keys"])
def test_half_a_younger_backup_does_not_let_data_go(tmp_path: Path, kind: str) -> None:
    old, young = write_pair(tmp_path, MADE), write_pair(tmp_path, MADE + 20 * DAY)
    young[kind].write_bytes(b"rubbish")
    assert prune(tmp_path, now=MADE + 21 * DAY, keep_days=7) == [old["keys"]]


def test_data_whose_keys_have_not_ended_is_never_asked_for(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="7 days at least"):
        outdated(tmp_path, now=MADE, keep_days=6)


def test_looking_removes_nothing(tmp_path: Path) -> None:
    pair = write_pair(tmp_path, MADE)
    assert ended(tmp_path, now=ENDED) == [pair["keys"]]
    assert sorted(tmp_path.iterdir()) == sorted(pair.values())
