"""A folder of keys, whoever is killed at it: no key is lost, none is doubled, and a destroyed one leaves no copy."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from consent.log.errors import KeyMissingError, RecordDestroyedError
from consent.log.keystore_file import FileKeyStore
from tests.log.key_store_dying import DIED, NEW, OLD

RECORD = "grt_killed"
MOST_STEPS = 40


def _killed(folder: Path, work: str, step: int) -> bool:
    """Whether the process died there, and not after its last step."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.log.key_store_dying", str(folder), work, RECORD, str(step)],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode in (0, DIED), done.stderr
    return done.returncode == DIED


def _copies(folder: Path) -> list[str]:
    """Every file in which a wrapped key can be read."""
    return [path.name for path in folder.rglob("*") if path.is_file() and path.read_bytes() in (OLD, NEW)]


@pytest.mark.parametrize("work", ["create", "rewrap", "destroy"])
def test_a_kill_at_any_step_loses_no_key_and_what_is_destroyed_leaves_no_copy(
    tmp_path: Path, work: str
) -> None:
    steps = 0
    for step in range(1, MOST_STEPS):
        folder = tmp_path / f"{work}{step}"
        store = FileKeyStore(folder)
        if work != "create":
            store.create(RECORD, OLD)
        if not _killed(folder, work, step):
            break
        steps = step
        again = FileKeyStore(folder)
        match work:
            case "create":  # nobody was told of a key: either there is none, or it is whole
                try:
                    assert again.read(RECORD) == OLD
                except KeyMissingError:
                    assert again.create(RECORD, OLD) == OLD
            case "rewrap":
                assert again.read(RECORD) in (OLD, NEW)
                again.rewrap(RECORD, old=OLD, new=NEW)
                assert again.read(RECORD) == NEW
                assert _copies(folder) == [f"{RECORD}.key"]
        again.destroy(RECORD)
        assert _copies(folder) == []
        with pytest.raises(RecordDestroyedError):
            again.read(RECORD)
        assert dict(again.entries()) == {RECORD: None}
    else:
        pytest.fail("it never came to its end")
    assert steps >= 4


def test_a_key_that_is_destroyed_while_it_is_wrapped_anew_does_not_come_back(tmp_path: Path) -> None:
    """The one that wraps anew dies in every place while another one destroys and is done with it."""
    for step in range(1, MOST_STEPS):
        folder = tmp_path / str(step)
        store = FileKeyStore(folder)
        store.create(RECORD, OLD)
        destroying = threading.Thread(target=store.destroy, args=(RECORD,))
        destroying.start()
        died = _killed(folder, "rewrap", step)
        destroying.join(60)
        assert not destroying.is_alive()
        # A writer that began after the end of `destroy` finds the tombstone and writes nothing.
        assert not store.rewrap(RECORD, old=OLD, new=NEW)
        assert _copies(folder) == []
        if not died:
            return


def test_writers_of_one_folder_come_one_after_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`destroy` waits for whoever has read the old key and is about to write the new one."""
    from consent.log import durable_file

    store = FileKeyStore(tmp_path)
    store.create(RECORD, OLD)
    really = durable_file.replace
    destroying = threading.Thread(target=store.destroy, args=(RECORD,))

    def replace(path: Path, data: bytes) -> None:
        destroying.start()
        destroying.join(0.3)  # more than enough for one that does not wait
        assert destroying.is_alive()
        really(path, data)

    monkeypatch.setattr(durable_file, "replace", replace)
    assert store.rewrap(RECORD, old=OLD, new=NEW)
    destroying.join(60)
    assert not destroying.is_alive() and _copies(tmp_path) == []
