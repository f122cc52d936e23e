"""The files of the embedded cluster: made once, whole or not at all."""

import os
import secrets
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from consent.server.embedded.binaries import Binaries
from consent.server.embedded.errors import StartError
from consent.server.embedded.system_user import RunAs

SUPERUSER = "postgres"
# A process may enter its own working folder through this link whatever the folders above it
# allow, so the cluster can stand below a closed home without opening that home to the account.
_OWN_FOLDER = "/proc/self/cwd"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """The folder `home` with the cluster, its password and its log."""

    home: Path
    run_as: RunAs

    @property
    def data(self) -> Path:
        """PostgreSQL's data directory."""
        return self.home / "cluster"

    @property
    def log(self) -> Path:
        """What the server says: warnings and errors, no statements."""
        return self.home / "postgres.log"

    def data_argument(self) -> str:
        """How `-D` names the data directory to a process that was started in it."""
        if self.run_as.drops and sys.platform.startswith("linux"):
            return _OWN_FOLDER
        return str(self.data)

    def password(self) -> str:
        """The password of both database roles, made on first use.

        Raises:
            StartError: the cluster exists and its password file does not.
        """
        path = self.home / "password"
        if not path.exists():
            if self.data.exists():
                raise StartError(
                    f"{path} is gone, and with it the way into the database beside it. Put it back."
                )
            # Crash before the rename: no password, no cluster; the next start makes both.
            staging = path.with_suffix(".part")
            staging.unlink(missing_ok=True)
            descriptor = os.open(staging, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_urlsafe(32))
                file.flush()
                os.fsync(file.fileno())
            staging.rename(path)
        return path.read_text().strip()


def prepare_cluster(cluster: Cluster, *, binaries: Binaries) -> None:
    """Make the cluster if there is none: checksums, UTF-8, passwords for everybody.

    Raises:
        StartError: initdb failed; the message ends with what it said.
    """
    cluster.home.mkdir(parents=True, exist_ok=True)
    # Secrets below are closed file by file; a dropped account has to be able to pass.
    cluster.home.chmod(0o711 if cluster.run_as.drops else 0o700)
    password = cluster.password()
    if cluster.data.exists():
        return
    staging = cluster.home / "cluster.part"
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(mode=0o700)
    cluster.run_as.own(staging)
    # Initialised in place under another name: what a killed initdb leaves is never taken for a cluster.
    _initdb(Cluster(home=cluster.home, run_as=cluster.run_as), staging, binaries, password)
    staging.rename(cluster.data)
    if os.name == "posix":
        _sync_folder(cluster.home)


def _initdb(cluster: Cluster, folder: Path, binaries: Binaries, password: str) -> None:
    target = cluster.data_argument()
    if target != _OWN_FOLDER:
        target = str(folder)
    reader, writer = os.pipe()
    os.write(writer, password.encode())
    os.close(writer)
    if cluster.run_as.uid is not None and cluster.run_as.gid is not None:
        os.fchown(reader, cluster.run_as.uid, cluster.run_as.gid)
    arguments = [binaries.path("initdb"), "-D", target, "-U", SUPERUSER, "--pwfile=/dev/stdin"]
    arguments += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums"]
    try:
        done = subprocess.run(  # noqa: S603  # our own program by full path
            arguments,
            cwd=folder,
            stdin=reader,
            capture_output=True,
            text=True,
            check=False,
            env=server_environment(),
            **cluster.run_as.popen_options(),
        )
    finally:
        os.close(reader)
    if done.returncode != 0:
        shutil.rmtree(folder, ignore_errors=True)
        said = (done.stderr.strip() or done.stdout.strip())[-600:]
        raise StartError(f"initdb could not make the database in {cluster.home}: {said}")


def server_environment() -> dict[str, str]:
    """The environment of the database programs: nothing of ours, so no PG* variable and no secret."""
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR", "SYSTEMROOT") if name in os.environ}
    return {**kept, "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
