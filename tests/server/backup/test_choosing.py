"""The newest backup that opens whole is taken; an older one than there was, only when somebody says so."""

import hashlib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from consent.server.backup.choosing import age_words, choose
from consent.server.backup.errors import (
    BackupError,
    DamagedError,
    OlderError,
    SecretError,
    TooOldError,
)
from consent.server.backup.latest import NotedBackup
from consent.server.backup.sealed_file import MAGIC
from tests.server.backup.folders import MADE, SECRET, header_at, write_file, write_pair

NOW = MADE + timedelta(hours=30)
DAY = timedelta(days=1)


def _taken(folder: Path, **options: object) -> str:
    given = {"secret": SECRET, "now": NOW, "allow_older": False, **options}
    chosen = choose(folder, **given)  # type: ignore[arg-type]
    assert chosen.key_secret.decode() == chosen.data.header.backup == chosen.keys.header.backup
    return chosen.data.path.name


@pytest.fixture
def pairs(tmp_path: Path) -> dict[str, dict[str, Path]]:
    """Three backups, a day apart."""
    return {
        name: write_pair(tmp_path, MADE + days * DAY)
        for name, days in (("oldest", -1), ("older", 0), ("newest", 1))
    }


def test_the_newest_is_taken_and_a_damaged_older_one_is_in_nobody_s_way(
    tmp_path: Path, pairs: dict[str, dict[str, Path]]
) -> None:
    for path in (*pairs["older"].values(), pairs["oldest"]["data"]):
        path.write_bytes(b"rubbish")
    assert _taken(tmp_path) == pairs["newest"]["data"].name


def _cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def _header_gone(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:40])


def _away(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("kind", ["data", "keys"])
@pytest.mark.parametrize("harm", [_cut_off, _header_gone, _away])
def test_a_damaged_newest_one_is_named_and_an_older_one_taken_only_on_request(
    tmp_path: Path, pairs: dict[str, dict[str, Path]], kind: str, harm: object
) -> None:
    harmed = pairs["newest"][kind]
    harm(harmed)  # type: ignore[operator]
    with pytest.raises(OlderError) as refused:
        _taken(tmp_path)
    said = str(refused.value)
    assert harmed.stem in said and "6 hours old" in said  # what cannot be used, and its age
    assert pairs["older"]["data"].name in said and "30 hours old" in said  # what would be taken
    assert "--older-than-newest" in said
    chosen = choose(tmp_path, secret=SECRET, now=NOW, allow_older=True)
    assert chosen.data.path == pairs["older"]["data"]
    assert [harmed.stem in each for each in chosen.passed_over] == [True]


def test_several_damaged_ones_are_all_named(tmp_path: Path, pairs: dict[str, dict[str, Path]]) -> None:
    _cut_off(pairs["newest"]["data"])
    _header_gone(pairs["older"]["keys"])
    chosen = choose(tmp_path, secret=SECRET, now=NOW, allow_older=True)
    assert chosen.data.path == pairs["oldest"]["data"]
    assert [
        pairs[name]["data"].stem in each
        for name, each in zip(("newest", "older"), chosen.passed_over, strict=True)
    ]
    assert len(chosen.passed_over) == 2


def test_a_file_that_says_nothing_of_its_age_may_be_the_newest(
    tmp_path: Path, pairs: dict[str, dict[str, Path]]
) -> None:
    (tmp_path / "consent-weekly.data").write_bytes(b"rubbish")
    with pytest.raises(OlderError, match=r"consent-weekly \(of unknown age"):
        _taken(tmp_path)
    assert _taken(tmp_path, allow_older=True) == pairs["newest"]["data"].name


def test_a_whole_copy_beside_a_damaged_one_is_as_new(
    tmp_path: Path, pairs: dict[str, dict[str, Path]]
) -> None:
    copy = tmp_path / "consent-copy.data"
    copy.write_bytes(pairs["newest"]["data"].read_bytes())
    _cut_off(copy)  # its header still tells whose it is
    _header_gone(pairs["newest"]["data"])
    with pytest.raises(OlderError):
        _taken(tmp_path)
    copy.write_bytes(write_file(tmp_path / "x", replace(header_at(MADE + DAY), kind="data")).read_bytes())
    assert _taken(tmp_path) == copy.name


def test_one_by_another_secret_is_not_passed_over_unasked(
    tmp_path: Path, pairs: dict[str, dict[str, Path]]
) -> None:
    write_pair(tmp_path, MADE + DAY + timedelta(hours=1), secret=b"the secret of somebody else, long enough")
    with pytest.raises(OlderError, match="CONSENT_BACKUP_SECRET"):
        _taken(tmp_path)
    assert _taken(tmp_path, allow_older=True) == pairs["newest"]["data"].name


def test_a_header_that_was_made_younger_does_not_open(
    tmp_path: Path, pairs: dict[str, dict[str, Path]]
) -> None:
    """Whoever may write there, but has no secret, cannot pass the oldest one off as the newest."""
    for path in pairs["oldest"].values():
        line = path.read_bytes()[len(MAGIC) :].split(b"\n", 1)[0]
        forged = line.replace(b"2026-11-30T09", b"2026-12-02T11").replace(b"2026-12-07T09", b"2026-12-09T11")
        assert forged != line
        rest = path.read_bytes()[len(MAGIC) + len(line) + 1 :]
        digest = hashlib.sha256(forged + b"\n").hexdigest().encode()
        path.write_bytes(MAGIC + forged + b"\n" + digest + rest[64:])
    with pytest.raises(OlderError, match="does not open with this secret"):
        _taken(tmp_path)
    assert _taken(tmp_path, allow_older=True) == pairs["newest"]["data"].name


def test_a_newer_one_that_the_object_store_remembers_is_missed(
    tmp_path: Path, pairs: dict[str, dict[str, Path]]
) -> None:
    newest = header_at(MADE + DAY)
    same = NotedBackup(backup=newest.backup, made_at=newest.made_at)
    assert _taken(tmp_path, noted=same) == pairs["newest"]["data"].name
    older = NotedBackup(backup="f" * 32, made_at=MADE)
    assert _taken(tmp_path, noted=older) == pairs["newest"]["data"].name
    elsewhere = NotedBackup(backup="f" * 32, made_at=MADE + DAY + timedelta(hours=2))
    with pytest.raises(OlderError, match="2026-12-02T11:00:00Z, as the object store remembers"):
        _taken(tmp_path, noted=elsewhere)
    assert _taken(tmp_path, noted=elsewhere, allow_older=True) == pairs["newest"]["data"].name
    _cut_off(pairs["newest"]["keys"])
    with pytest.raises(OlderError) as refused:
        _taken(tmp_path, noted=same)
    assert str(refused.value).count(newest.backup[:8]) == 2  # named once, with its file


def test_keys_that_have_ended_are_refused_whatever_was_said(
    tmp_path: Path, pairs: dict[str, dict[str, Path]]
) -> None:
    with pytest.raises(TooOldError, match="seven days"):
        _taken(tmp_path, now=MADE + 8 * DAY, allow_older=True)


def test_where_nothing_opens_every_reason_is_told(tmp_path: Path, pairs: dict[str, dict[str, Path]]) -> None:
    with pytest.raises(SecretError, match="no whole backup") as refused:
        _taken(tmp_path, secret=b"another secret of the tests, long enough", allow_older=True)
    assert all(each["data"].stem in str(refused.value) for each in pairs.values())
    _away(pairs["newest"]["keys"])
    with pytest.raises(DamagedError, match="its file of keys is not there"):
        _taken(tmp_path, secret=b"another secret of the tests, long enough", allow_older=True)
    (tmp_path / "empty").mkdir()
    with pytest.raises(BackupError, match="Is it the right folder"):
        _taken(tmp_path / "empty")


def test_data_and_keys_of_two_backups_are_no_pair(tmp_path: Path) -> None:
    one = header_at(MADE)
    other = replace(one, backup=one.backup[:8] + "0" * 24)
    write_file(tmp_path / replace(one, kind="data").file, replace(one, kind="data"))
    write_file(tmp_path / other.file, other)
    with pytest.raises(DamagedError, match="not of one backup"):
        _taken(tmp_path)


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (timedelta(seconds=-9), "0 minutes old"),
        (timedelta(minutes=119), "119 minutes old"),
        (timedelta(hours=2), "2 hours old"),
        (timedelta(hours=71), "71 hours old"),
        (timedelta(days=6, hours=23), "6 days old"),
    ],
)
def test_an_age_is_told_as_people_count_it(age: timedelta, words: str) -> None:
    assert age_words(MADE, now=MADE + age) == words
