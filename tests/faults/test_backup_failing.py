"""A backup that fails, however often, leaves every earlier one alone, makes no half of one, and says why in words."""

import errno
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.faults.backup_place import Place, empty_place
from tests.server.backup.folders import write_pair

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def place(database: str, postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A prepared registry."""
    from consent.server.preparing import prepare

    folder = tmp_path_factory.mktemp("failing")
    with empty_place(postgres_server, folder / "first", objects=folder / "objects") as made:
        prepare(made.settings())
        yield made


@pytest.fixture
def backups(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, Path]]:
    """A folder where backups have failed for six days, after a month of good ones; the settings are set."""
    for name, value in place.environment().items():
        monkeypatch.setenv(name, value)
    now = datetime.now(UTC).replace(microsecond=0)
    return {str(days): write_pair(tmp_path / "backups", now - days * DAY) for days in (6, 9, 30)}


def _back_up(folder: Path) -> int:
    from consent.server.commands import backup

    return backup.run(["--to", str(folder), "--keep-days", "7"])


def _full(patch: pytest.MonkeyPatch, *, kind: str) -> None:
    """The kernel's own "no space left" at one of the two files."""
    from consent.server.backup import making

    usual = making.open_new

    def open_new(path: Path) -> int:
        return os.open("/dev/full", os.O_WRONLY) if f".{kind}." in path.name else usual(path)

    patch.setattr(making, "open_new", open_new)


def _full_at_data(patch: pytest.MonkeyPatch) -> None:
    _full(patch, kind="data")


def _full_at_keys(patch: pytest.MonkeyPatch) -> None:
    _full(patch, kind="keys")


def _full_at_the_end(patch: pytest.MonkeyPatch) -> None:
    """Both files are whole, and the folder's entries cannot be written."""
    from consent.log import durable_file

    def sync_directory(path: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    patch.setattr(durable_file, "sync_directory", sync_directory)


def _no_programs(patch: pytest.MonkeyPatch) -> None:
    from consent.server.backup import programs

    patch.setattr(programs, "_programs", lambda name: iter(()))


def _dump_fails(patch: pytest.MonkeyPatch) -> None:
    """pg_dump starts, and is told to dump a database that is not there."""
    from dataclasses import replace

    from consent.server.backup import making

    usual = making.dumped

    def dumped(database, **given):  # type: ignore[no-untyped-def]
        return usual(replace(database, name="there_is_no_such_database"), **given)

    patch.setattr(making, "dumped", dumped)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (_full_at_data, "is full"),
        (_full_at_keys, "is full"),
        (_full_at_the_end, "is full"),
        (_no_programs, "pg_dump of PostgreSQL"),
        (_dump_fails, "there_is_no_such_database"),
    ],
)
def test_fails_and_does_not_touch_what_is_there(
    backups: dict[str, dict[str, Path]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fault: Callable[[pytest.MonkeyPatch], None],
    words: str,
) -> None:
    from consent.log.storage_file import FileObjectStore
    from consent.server.backup.errors import BackupError
    from consent.server.backup.latest import noted_backup

    folder = tmp_path / "backups"
    objects = FileObjectStore(Path(os.environ["CONSENT_OBJECT_STORE"].removeprefix("file:")))
    before = {path: path.read_bytes() for path in folder.iterdir()}
    noted = noted_backup(objects)
    with monkeypatch.context() as patch:
        fault(patch)
        for _ in range(3):
            with pytest.raises(BackupError, match=words):
                _back_up(folder)
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    assert noted_backup(objects) == noted  # the figure says when the last good one was made
    # The first that does not fail tidies up: keys that ended, and data that nobody wants any more.
    assert _back_up(folder) == 0
    assert backups["6"]["data"].exists() and backups["6"]["keys"].exists()
    assert not any(path.exists() for days in ("9", "30") for path in backups[days].values())
    assert len(list(folder.iterdir())) == 4 and noted_backup(objects) != noted


def test_a_full_disk_is_told_with_what_to_do(
    backups: dict[str, dict[str, Path]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from consent.server.backup.errors import BackupError

    folder = tmp_path / "backups"
    _full_at_data(monkeypatch)
    with pytest.raises(BackupError) as refused:
        _back_up(folder)
    said = str(refused.value)
    assert str(folder) in said and "MiB free" in said and "no earlier backup was touched" in said
    assert f"consent-server backup prune --in {folder} --keep-days 8" in said


def test_a_folder_that_cannot_be_made_is_named(backups: dict[str, dict[str, Path]], tmp_path: Path) -> None:
    from consent.server.backup.errors import BackupError

    (tmp_path / "file").touch()
    with pytest.raises(BackupError, match=r"file/below cannot be written: Not a directory"):
        _back_up(tmp_path / "file" / "below")
