"""`up`: ready in time, refuses what it must, and comes back after any kill."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from consent.server.embedded.ports import holder_of
from tests.integration.running import descendants, free_port
from tests.server.laptop import Laptop

READY_GOAL_S = 15.0  # DESIGN §14: cold start on an installed tree


def _groups(laptop: Laptop) -> dict[str, int]:
    found: dict[str, int] = json.loads((laptop.state / "run" / "children.json").read_bytes())
    return found


def _refused(laptop: Laptop, **settings: str) -> str:
    """What `up` says when it ends at once."""
    done = subprocess.run(
        [laptop.python, "-m", "consent.server", "up"],
        cwd=laptop.folder,
        env={**laptop.server_environment(), **settings},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0 and "Traceback" not in done.stderr, done.stderr
    return done.stderr


def _answering(laptop: Laptop, within_s: float) -> bool:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if laptop.ready():
            return True
        time.sleep(0.1)
    return False


def test_a_cold_start_is_ready_in_time_and_a_stop_leaves_nothing_running(own_laptop: Laptop) -> None:
    assert own_laptop.start() <= READY_GOAL_S
    groups = _groups(own_laptop)
    assert set(groups) == {"web", "signing", "relay", "publisher"}
    own_laptop.stop()
    with pytest.raises(ProcessLookupError):
        os.killpg(groups["web"], 0)
    assert not (own_laptop.state / "run" / "server.env").exists()
    assert not (own_laptop.state / "postgres" / "cluster" / "postmaster.pid").exists()


def test_what_newcomers_read_is_private_and_keeps_over_restarts(own_laptop: Laptop) -> None:
    own_laptop.start()
    first = (own_laptop.state / "test.env").read_text()
    for name in (
        "test.env",
        "run/server.env",
        "secrets/secret_key",
        "secrets/laptop.json",
        "postgres/password",
    ):
        assert (own_laptop.state / name).stat().st_mode & 0o077 == 0, name
    own_laptop.stop()
    own_laptop.start()
    assert (own_laptop.state / "test.env").read_text() == first


@pytest.mark.skipif(sys.platform != "linux", reason="processes are ended by the kernel on Linux")
def test_a_killed_supervisor_leaves_nothing_that_blocks_the_next_start(own_laptop: Laptop) -> None:
    own_laptop.start()
    assert own_laptop.process is not None
    own_laptop.process.kill()
    own_laptop.process.wait()
    assert own_laptop.start() <= READY_GOAL_S


def test_children_that_are_killed_come_back_by_themselves(own_laptop: Laptop) -> None:
    own_laptop.start()
    before = _groups(own_laptop)
    for group in before.values():
        os.killpg(group, signal.SIGKILL)
    assert _answering(own_laptop, 30)
    postmaster = int((own_laptop.state / "postgres" / "cluster" / "postmaster.pid").read_text().split()[0])
    os.kill(postmaster, signal.SIGKILL)
    time.sleep(0.5)
    assert _answering(own_laptop, 30)
    assert all(_groups(own_laptop)[name] != group for name, group in before.items())


def test_a_second_one_in_the_same_folder_is_refused_and_disturbs_nobody(own_laptop: Laptop) -> None:
    own_laptop.start()
    assert own_laptop.process is not None
    said = _refused(own_laptop)
    assert f"process {own_laptop.process.pid}" in said and "CONSENT_DATA_DIR" in said
    assert own_laptop.ready()


def test_a_taken_port_names_its_holder_and_the_setting(own_laptop: Laptop) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", own_laptop.port))
        holder.listen()
        said = _refused(own_laptop)
        assert "CONSENT_PORT" in said and str(own_laptop.port) in said
        if sys.platform == "linux":
            assert f"process {os.getpid()}" in said
            assert holder_of(own_laptop.port).endswith(f"(process {os.getpid()})")
    assert not (own_laptop.state / "postgres" / "cluster").exists()


def test_the_signing_origin_has_a_port_of_its_own_which_may_be_taken_too(own_laptop: Laptop) -> None:
    port = own_laptop.port + 1
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", port))
        holder.listen()
        assert f"Port {port} is taken" in (said := _refused(own_laptop)) and "CONSENT_PORT=9000" in said
        said = _refused(own_laptop, CONSENT_SIGNING_ORIGIN=f"http://localhost:{port}")
        assert "CONSENT_SIGNING_ORIGIN=http://localhost:9000" in said


def test_unsafe_settings_refuse_before_anything_is_started(own_laptop: Laptop) -> None:
    said = _refused(own_laptop, CONSENT_ORIGIN="http://registry.example", CONSENT_SECRET_KEY="short")
    assert "CONSENT_ORIGIN is not https" in said and "CONSENT_SECRET_KEY is shorter" in said
    assert not (own_laptop.state / "postgres").exists()


def test_lost_keys_beside_a_database_refuse_to_start(own_laptop: Laptop) -> None:
    own_laptop.start()
    own_laptop.stop()
    keys = own_laptop.state / "keys"
    keys.rename(own_laptop.state / "keys-elsewhere")
    assert "restore that folder" in _refused(own_laptop)
    for path in keys.iterdir():
        path.unlink()
    keys.rmdir()
    (own_laptop.state / "keys-elsewhere").rename(keys)
    own_laptop.start()


def test_another_key_secret_refuses_to_start(own_laptop: Laptop) -> None:
    own_laptop.start()
    own_laptop.stop()
    said = _refused(own_laptop, CONSENT_KEY_SECRET="another secret of more than thirty-two characters")
    assert "is CONSENT_KEY_SECRET the one it was made with" in said


def test_the_same_against_a_database_of_ones_own(own_laptop: Laptop, postgres_server: str) -> None:

    name = f"consent_up_{own_laptop.port}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
        try:
            url = postgres_server.rsplit("/", 1)[0] + f"/{name}"
            own_laptop.settings["CONSENT_DATABASE_URL"] = url
            own_laptop.start()
            assert not (own_laptop.state / "postgres").exists()
            own_laptop.stop()
            connection.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")  # type: ignore[arg-type]
            said = _refused(own_laptop)
            assert "synchronous_commit" in said
        finally:
            own_laptop.stop()
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")  # type: ignore[arg-type]


def test_the_folder_may_be_named_with_spaces(tmp_path: Path) -> None:
    folder = tmp_path / "a folder, with spaces"
    folder.mkdir()
    tmp_path.chmod(0o755)
    running = Laptop(folder)
    try:
        running.start()
        line = (running.state / "test.env").read_text()
        shown = subprocess.run(
            ["sh", "-c", f". '{running.state}/test.env'; printf %s \"$CONSENT_TRUST\""],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert shown.stdout == str(running.state / "trust.json"), line
    finally:
        running.stop()


def test_a_grant_is_countersigned_before_anybody_reads_its_package(own_laptop: Laptop) -> None:
    own_laptop.start()
    waiting = (
        "SELECT count(*) FROM registry_grant g WHERE NOT EXISTS "
        "(SELECT 1 FROM registry_countersignature c WHERE c.grant_id = g.id)"
    )
    with psycopg.connect(own_laptop.database_url(), autocommit=True) as connection:
        for _ in range(200):
            row = connection.execute(waiting).fetchone()
            assert row is not None
            if row[0] == 0:
                return
            time.sleep(0.1)
    raise AssertionError("grants stay without a countersignature")


@pytest.mark.skipif(sys.platform != "linux", reason="processes are ended by the kernel on Linux")
def test_several_workers_serve_and_none_outlives_its_server(own_laptop: Laptop) -> None:
    own_laptop.start()
    lines = (own_laptop.state / "run" / "server.env").read_text().splitlines()
    port = free_port()
    environment = {**own_laptop.server_environment(), **dict(line.split("=", 1) for line in lines)}
    environment["CONSENT_PORT"] = str(port)
    # Behind one proxy: another port, the same registry.
    environment["CONSENT_ORIGIN"] = own_laptop.url
    server = subprocess.Popen(
        [own_laptop.python, "-m", "consent.server", "run", "web", "--workers", "2"],
        cwd=own_laptop.folder,
        env=environment,
    )
    other = Laptop(own_laptop.folder)
    other.port = port
    try:
        assert _answering(other, 30)
        workers = descendants(server.pid)
        assert len(workers) >= 3
    finally:
        server.kill()
        server.wait()
    deadline = time.monotonic() + 20
    while any(Path(f"/proc/{pid}/fd").exists() and _runs(pid) for pid in workers):
        assert time.monotonic() < deadline, "a worker outlives its server"
        time.sleep(0.1)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[0] != "Z"
    except OSError:
        return False
