"""`consent-server backup check` and `list`: one look says whether a folder can be relied on."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from consent.server.backup.health import look
from consent.server.commands import backup
from tests.server.backup.folders import MADE, SECRET, write_pair

DAY = timedelta(days=1)


def _wrong(folder: Path, *, after: timedelta, max_age_hours: int = 26) -> tuple[str, ...]:
    return look(folder, secret=SECRET, now=MADE + after, max_age_hours=max_age_hours).wrong


def test_a_young_whole_backup_is_healthy_and_tells_its_age(tmp_path: Path) -> None:
    write_pair(tmp_path, MADE)
    health = look(tmp_path, secret=SECRET, now=MADE + timedelta(hours=5), max_age_hours=26)
    assert health.wrong == () and "5 hours old" in health.words and "2026-12-08T09:00:00Z" in health.words


def test_an_old_one_is_not(tmp_path: Path) -> None:
    write_pair(tmp_path, MADE)
    assert _wrong(tmp_path, after=timedelta(hours=26)) == ()
    assert _wrong(tmp_path, after=timedelta(hours=27)) == (
        "the newest whole backup is more than 26 hours old",
    )
    assert _wrong(tmp_path, after=timedelta(hours=27), max_age_hours=48) == ()


def test_an_empty_folder_and_one_of_ended_keys_are_not(tmp_path: Path) -> None:
    (wrong,) = _wrong(tmp_path, after=DAY)
    assert "no whole backup" in wrong
    pair = write_pair(tmp_path, MADE)
    ended, over = _wrong(tmp_path, after=8 * DAY)
    assert "seven days" in ended and over == f"{pair['keys'].name} has ended and is still here: prune it"


def test_every_damaged_file_is_named_once(tmp_path: Path) -> None:
    oldest, older, newest = (write_pair(tmp_path, MADE - days * DAY) for days in (2, 1, 0))
    oldest["data"].write_bytes(b"rubbish")
    newest["data"].write_bytes(newest["data"].read_bytes()[:-1])
    wrong = _wrong(tmp_path, after=timedelta(hours=1), max_age_hours=99)
    assert [newest["data"].stem in wrong[0], oldest["data"].name in wrong[1]] == [True, True] and len(
        wrong
    ) == 2
    assert older["data"].name in look(tmp_path, secret=SECRET, now=MADE, max_age_hours=99).words


def test_the_command_ends_with_its_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CONSENT_BACKUP_SECRET", SECRET.decode())
    pair = write_pair(tmp_path, datetime.now(UTC).replace(microsecond=0))
    words = ["--in", str(tmp_path)]
    assert (backup.run(["check", *words]), backup.run(["list", *words])) == (0, 0)
    assert "Whole: " in capsys.readouterr().out
    pair["keys"].write_bytes(b"rubbish")
    assert (backup.run(["check", *words]), backup.run(["list", *words])) == (1, 1)
    said = capsys.readouterr()
    assert "WRONG" in said.err and "DAMAGED" in said.err and pair["keys"].name in said.err
    assert pair["data"].name in said.out  # a damaged file hides no other


def test_wrong_calls_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--to", "x", "--keep-days", "6"], ["prune", "--in", "x", "--keep-days", "0"], []):
        with pytest.raises(SystemExit):
            backup.run(words)
    assert "--keep-days takes 7 or more" in capsys.readouterr().err
