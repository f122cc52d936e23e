"""The embedded PostgreSQL comes up whatever ended it last time, and lets nobody else in."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from consent.server.embedded.binaries import find_binaries
from consent.server.embedded.errors import StartError
from consent.server.embedded.leftovers import clear_leftovers
from consent.server.embedded.postgres import EmbeddedPostgres, embedded_postgres
from consent.server.embedded.system_user import ACCOUNT, RunAs, database_account

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc")
AS_ROOT = os.geteuid() == 0


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that the database's account can reach, as root too."""
    folder = Path(tempfile.mkdtemp(prefix="consent-pg-"))
    folder.chmod(0o755)
    yield folder / "postgres"
    shutil.rmtree(folder, ignore_errors=True)


def _one(url: str, query: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


def _gone(pid: int) -> bool:
    for _ in range(200):
        stat = Path(f"/proc/{pid}/stat")
        if not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.05)
    return False


def test_it_is_durable_checked_and_plain_utf_8(home: Path) -> None:
    with embedded_postgres(home) as url:
        expected = {
            "synchronous_commit": "on",
            "fsync": "on",
            "full_page_writes": "on",
            "data_checksums": "on",
            "server_encoding": "UTF8",
            "listen_addresses": "127.0.0.1",
            "log_min_error_statement": "panic",
        }
        assert {name: _one(url, f"SHOW {name}") for name in expected} == expected
        assert _one(url, "SELECT datcollate FROM pg_database WHERE datname = current_database()") == "C.UTF-8"
        assert not list(home.rglob(".s.PGSQL*"))
        assert _one(url, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False


def test_without_the_password_nobody_gets_in(home: Path) -> None:
    with embedded_postgres(home) as url:
        for user in ("consent", "postgres"):
            address = url.replace(url.split("//")[1].split("@")[0], f"{user}:wrong")
            with pytest.raises(psycopg.OperationalError, match="password"):
                psycopg.connect(address)
        assert (home / "password").stat().st_mode & 0o077 == 0
        assert (home / "cluster").stat().st_mode & 0o077 == 0


def test_what_was_committed_is_there_after_the_postmaster_was_killed(home: Path) -> None:
    server = EmbeddedPostgres(home)
    server.start()
    with psycopg.connect(server.url) as connection:
        connection.execute("CREATE TABLE kept (n int)")
        connection.execute("INSERT INTO kept VALUES (7)")
    server.process.kill()
    server.process.wait()
    server.restart()
    assert _one(server.url, "SELECT n FROM kept") == 7
    server.stop()
    with embedded_postgres(home) as url:
        assert _one(url, "SELECT n FROM kept") == 7


_LAUNCH_AND_HANG = """
import sys, time
from pathlib import Path
from consent.server.embedded.postgres import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
server.start()
print(server.process.pid, flush=True)
time.sleep(600)
"""


def test_a_killed_launcher_leaves_nothing_that_blocks_the_next(home: Path) -> None:
    launcher = subprocess.Popen([sys.executable, "-c", _LAUNCH_AND_HANG, str(home)], stdout=subprocess.PIPE)
    assert launcher.stdout is not None
    postmaster = int(launcher.stdout.readline())
    launcher.kill()
    launcher.wait()
    launcher.stdout.close()
    with embedded_postgres(home) as url:
        assert _one(url, "SELECT 1") == 1
    assert _gone(postmaster)


def test_an_orphan_that_the_kernel_did_not_end_is_ended(home: Path) -> None:
    with embedded_postgres(home):
        pass
    server = EmbeddedPostgres(home)
    server.start()
    orphan = server.process.pid
    clear_leftovers(home / "cluster")
    assert server.process.wait(10) == 0
    assert _gone(orphan)
    server.stop()


def test_a_pid_file_that_names_somebody_else_is_no_obstacle_and_hurts_nobody(home: Path) -> None:
    with embedded_postgres(home):
        pass
    # Of the same account: PostgreSQL takes no other for a living server.
    bystander = subprocess.Popen(["sleep", "60"], **database_account().popen_options())
    try:
        (home / "cluster" / "postmaster.pid").write_text(
            f"{bystander.pid}\n{home}/cluster\n1\n5432\n\n*\n1 1\nready\n"
        )
        with embedded_postgres(home) as url:
            assert _one(url, "SELECT 1") == 1
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_a_cluster_that_was_half_made_is_made_again(home: Path) -> None:
    half = home / "cluster.part"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    with embedded_postgres(home) as url:
        assert _one(url, "SELECT 1") == 1
    assert not half.exists()


def test_a_second_launcher_is_refused_and_told_who_the_first_is(home: Path) -> None:
    with embedded_postgres(home) as url:
        with pytest.raises(StartError, match=f"process {os.getpid()}.*CONSENT_DATA_DIR"):
            EmbeddedPostgres(home).start()
        assert _one(url, "SELECT 1") == 1


def test_a_lost_password_is_told_and_not_made_anew(home: Path) -> None:
    with embedded_postgres(home):
        pass
    (home / "password").unlink()
    with pytest.raises(StartError, match="password is gone"):
        EmbeddedPostgres(home).start()


def test_a_server_that_cannot_start_says_why_and_where_its_log_is(home: Path) -> None:
    with embedded_postgres(home):
        pass
    (home / "cluster" / "global" / "pg_control").write_bytes(b"")
    with pytest.raises(StartError, match=r"(?s)It said:.*pg_control.*postgres\.log"):
        EmbeddedPostgres(home).start()
    shutil.rmtree(home)
    with embedded_postgres(home) as url:  # and the folder is free again
        assert _one(url, "SELECT 1") == 1


@pytest.mark.skipif(not AS_ROOT, reason="only root drops to another account")
def test_as_root_it_runs_under_an_account_of_its_own(home: Path) -> None:
    server = EmbeddedPostgres(home)
    server.start()
    try:
        run_as = database_account()
        assert run_as.drops
        assert Path(f"/proc/{server.process.pid}").stat().st_uid == run_as.uid
        status = Path(f"/proc/{server.process.pid}/status").read_text()
        assert "Groups:\t \n" in status or f"Groups:\t{run_as.gid} \n" in status
        assert subprocess.run(["id", "-u", ACCOUNT], capture_output=True, check=True).stdout.strip() != b"0"
    finally:
        server.stop()


@pytest.mark.skipif(not AS_ROOT, reason="only root drops to another account")
def test_a_home_that_the_account_cannot_enter_is_no_obstacle_and_stays_closed() -> None:
    closed = Path(tempfile.mkdtemp(prefix="consent-closed-"))  # 0700, as root's own home is
    try:
        with embedded_postgres(closed / "state" / "postgres") as url:
            assert _one(url, "SELECT 1") == 1
        assert closed.stat().st_mode & 0o077 == 0
    finally:
        shutil.rmtree(closed)


@pytest.mark.skipif(not AS_ROOT, reason="only root can forbid itself")
def test_programs_are_copied_where_the_account_cannot_read_the_environment(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_as = database_account()
    own = find_binaries(data_dir=home, run_as=RunAs())
    closed = Path(tempfile.mkdtemp(prefix="consent-env-"))
    try:
        site = own.folder.parents[2]
        for name in ("embedded_postgres", "embedded_postgres.libs"):
            shutil.copytree(site / name, closed / name, symlinks=True)
        monkeypatch.setattr(sys, "path", [str(closed), *sys.path])
        sys.path_importer_cache.clear()
        home.parent.chmod(0o755)
        found = find_binaries(data_dir=home, run_as=run_as)
        assert found.folder.is_relative_to(home / "binaries")
        assert find_binaries(data_dir=home, run_as=run_as) == found
    finally:
        shutil.rmtree(closed)


def test_signals_of_the_terminal_reach_the_launcher_only(home: Path) -> None:
    server = EmbeddedPostgres(home)
    server.start()
    try:
        assert os.getpgid(server.process.pid) != os.getpgid(0)
        with psycopg.connect(server.url) as connection:
            os.killpg(os.getpgid(server.process.pid), signal.SIGCONT)
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        server.stop()
