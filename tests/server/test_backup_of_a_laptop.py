"""A laptop's registry is backed up from another terminal, loses its database and keys, and comes back."""

import shutil
import subprocess
import urllib.request

import pytest

from tests.server.laptop import Laptop

REASON = "A drill on a laptop."
SECRET = "the laptop's backup secret, 0123456789abcdef"


def _server(laptop: Laptop, *words: str, status: int = 0) -> str:
    done = subprocess.run(
        [laptop.python, "-m", "consent.server", *words],
        cwd=laptop.folder,
        env=laptop.server_environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == status, (words, done.returncode, done.stdout, done.stderr)
    return done.stdout + done.stderr


def _page(laptop: Laptop, path: str) -> str:
    with urllib.request.urlopen(f"{laptop.url}{path}", timeout=10) as answer:
        return str(answer.read().decode())


def _lose(laptop: Laptop, *names: str) -> None:
    for name in names:
        shutil.rmtree(laptop.state / name)


def _last_key(laptop: Laptop) -> str:
    return _server(laptop, "keys", "list").splitlines()[-1].split()[2]


@pytest.mark.timeout(600)
def test_a_laptop_s_registry_comes_back_from_its_backup(own_laptop: Laptop) -> None:
    laptop = own_laptop
    laptop.settings["CONSENT_BACKUP_SECRET"] = SECRET
    backups = str(laptop.folder / "backups")
    laptop.start()
    assert "consent_backup_timestamp_seconds 0" in _page(laptop, "/metrics")
    said = _server(laptop, "backup", "--to", backups)
    assert "Backed up and read back" in said
    assert "consent_backup_timestamp_seconds 0\n" not in _page(laptop, "/metrics")
    assert ".data  live=" in _server(laptop, "backup", "list", "--in", backups)
    key = _last_key(laptop)
    # Something that was told after the backup, and is lost with the machine.
    words = ("--legal-name", "Later GmbH", "--country", "DE", "--contact", "a@b.example", "--side", "live")
    _server(laptop, "organization", "create", *words)
    assert "already" in _server(laptop, "restore", "--from", backups, status=1)
    laptop.kill()
    _lose(laptop, "postgres", "keys", "key-store", "secrets")
    said = _server(laptop, "restore", "--from", backups, status=1)
    assert "acknowledged history is missing" in said and "--new-history" in said
    said = _server(laptop, "restore", "--new-history", "--reason", REASON)
    assert "history number 2" in said
    laptop.start()
    assert laptop.ready()
    assert REASON in _page(laptop, "/docs/history")
    assert _last_key(laptop) == key
    assert "nothing is missing" in _server(laptop, "restore", "--new-history", "--reason", "Again", status=3)
    assert laptop.consent(
        "check", "--performer", "prf_test_allow", "--use", "train.voice", code=None
    ).returncode in (0, 1)


def test_restore_without_a_secret_or_a_backup_says_what_is_needed(own_laptop: Laptop) -> None:
    laptop = own_laptop
    assert "--from FOLDER" in _server(laptop, "restore", status=2)
    assert "--reason" in _server(laptop, "restore", "--new-history", status=2)
    missing = str(laptop.folder / "none")
    target = str(laptop.folder / "key-secret")
    words = ("restore", "--from", missing, "--key-secret-to", target)
    assert "CONSENT_BACKUP_SECRET is not set" in _server(laptop, *words, status=1)
    laptop.settings["CONSENT_BACKUP_SECRET"] = SECRET
    assert "is not a folder" in _server(laptop, *words, status=1)
    (laptop.folder / "none").mkdir()
    assert "no whole backup" in _server(laptop, *words, status=1)
