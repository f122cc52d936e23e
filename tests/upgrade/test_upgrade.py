"""Every former state's database upgrades in place, and its history still holds."""

import json
import lzma
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from consent.server.embedded.binaries import find_binaries
from consent.server.embedded.postgres import embedded_postgres
from consent.server.embedded.system_user import database_account

HERE = Path(__file__).parent
DUMPS = sorted(HERE.glob("*.sql.xz"))


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the database's own user can enter, also where tests run as root."""
    made = Path(tempfile.mkdtemp(prefix="consent-upgrade-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


def test_there_is_a_dump_to_upgrade() -> None:
    assert DUMPS


@pytest.mark.parametrize("dump", DUMPS, ids=[dump.name for dump in DUMPS])
def test_a_former_database_upgrades_in_place_and_its_history_holds(dump: Path, folder: Path) -> None:
    with embedded_postgres(folder) as url:
        psql = find_binaries(data_dir=folder, run_as=database_account()).path("psql")
        subprocess.run(
            [psql, "--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", url],
            input=lzma.decompress(dump.read_bytes()),
            check=True,
            stdout=subprocess.DEVNULL,
        )
        environment = os.environ | {
            "CONSENT_DATABASE_URL": url,
            "CONSENT_SECRET_KEY": "tests-only-" + "0" * 40,
            "DJANGO_SETTINGS_MODULE": "consent.server.settings",
        }
        done = subprocess.run(
            [sys.executable, str(HERE / "migrate_in_place.py")],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    held = json.loads(done.stdout)
    assert held["Grant"] > 0 and held["Performer"] > 0 and held["Statement"] >= held["Grant"]
    assert held["heads"]["test"] > held["Grant"]
