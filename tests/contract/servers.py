"""Real S3-compatible servers on loopback, each started for one run and ended by its own process id."""

import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from consent.log.objects import ObjectStore

ACCESS_KEY = "contract-tests"
SECRET_KEY = "contract-tests-secret"
BUCKET = "consent"
KINDS = ("rclone", "localbucket", "seaweedfs")
_PROGRAMS = {"seaweedfs": "weed"}
_START_S = 60
# Its answers leave in two writes, headers and body: with Nagle's algorithm each waits 40 ms for the reader's delayed
# acknowledgement, and with a queue of five eight threads that connect at once wait seconds.
_LOCALBUCKET = """
import socketserver, localbucket
socketserver.StreamRequestHandler.disable_nagle_algorithm = True
socketserver.TCPServer.request_queue_size = 128
localbucket.main()
"""


def program(kind: str) -> str | None:
    """Where the program of a server stands in this environment, or None."""
    name = _PROGRAMS.get(kind, kind)
    beside = Path(sys.executable).parent / name
    return str(beside) if beside.exists() else shutil.which(name)


def s3_client_of(url: str, *, secret_key: str = SECRET_KEY) -> Any:
    """A client of one of these servers, as the registry makes its own."""
    from consent.log.storage_s3 import s3_client

    return s3_client(endpoint_url=url, region="us-east-1", access_key=ACCESS_KEY, secret_key=secret_key)


def s3_store(url: str, *, secret_key: str = SECRET_KEY, prefix: str = "registry/") -> ObjectStore:
    """The registry's store in the bucket of one of these servers."""
    from consent.log.storage_s3 import S3ObjectStore

    client = s3_client_of(url, secret_key=secret_key)
    return S3ObjectStore(client=client, bucket=BUCKET, prefix=prefix)


@contextmanager
def rclone(folder: Path) -> Iterator[str]:
    """`rclone serve s3`: checks signatures, overwrites in spite of If-None-Match. Yields its URL."""
    port = _free_port()
    address = f"127.0.0.1:{port}"
    command = [
        program("rclone"), "serve", "s3", "--addr", address, "--auth-key", f"{ACCESS_KEY},{SECRET_KEY}",
        "--config", "/dev/null", str(folder),
    ]  # fmt: skip
    with _running([str(part) for part in command], folder, port):
        yield f"http://{address}"


@contextmanager
def localbucket(folder: Path) -> Iterator[str]:
    """`localbucket`: honours If-None-Match, ignores If-Match, checks no signature. Yields its URL."""
    port = _free_port()
    command = [sys.executable, "-c", _LOCALBUCKET, str(folder), "--host", "127.0.0.1", "--port", str(port)]
    with _running(command, folder, port):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def seaweedfs(folder: Path) -> Iterator[str]:
    """SeaweedFS, a store of production: honours both conditions, checks signatures. Yields its URL."""
    names = ("master", "volume", "filer", "s3")
    ports = dict(
        zip([f"{name}.port{kind}" for name in names for kind in ("", ".grpc")], _free_ports(8), strict=True)
    )
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "s3.json"
    credentials = [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}]
    config.write_text(
        json.dumps({"identities": [{"name": "t", "credentials": credentials, "actions": ["Admin"]}]})
    )
    command = [
        program("seaweedfs"), "server", "-dir", str(folder), "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
        "-master.telemetry=false", "-master.electionTimeout=1s", "-master.volumeSizeLimitMB=64", "-volume.max=20",
        "-s3", f"-s3.config={config}", "-s3.iam=false", "-s3.port.iceberg=0", "-s3.port.lance=0",
        *(f"-{name}={port}" for name, port in ports.items()),
    ]  # fmt: skip
    url = f"http://127.0.0.1:{ports['s3.port']}"
    try:
        # Its own ending takes half a minute of saying goodbye to itself, and nothing of it is kept.
        with _running([str(part) for part in command], folder, ports["s3.port"], patient=False) as process:
            _make_bucket(process, url)
            yield url
    finally:
        for port in ports.values():  # it has no setting for where these stand
            for rest in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):
                rest.unlink(missing_ok=True)


@contextmanager
def _running(
    command: list[str], folder: Path, port: int, *, patient: bool = True
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server over a folder that holds the bucket, until the block ends; unless `patient` it is killed then."""
    (folder / BUCKET).mkdir(parents=True)
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _await_port(process, port)
            yield process
        finally:
            if patient:
                process.terminate()
            else:
                process.kill()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()


def _make_bucket(process: subprocess.Popen[bytes], url: str) -> None:
    """Make the bucket, as soon as the parts of the server have found each other."""
    from botocore.exceptions import BotoCoreError, ClientError

    client = s3_client_of(url)
    until = time.monotonic() + _START_S
    while time.monotonic() < until and process.poll() is None:
        try:
            client.create_bucket(Bucket=BUCKET)
            # A volume to write to is found somewhat later than the bucket.
            client.put_object(Bucket=BUCKET, Key="ready", Body=b"ready")
            client.delete_object(Bucket=BUCKET, Key="ready")
        except (BotoCoreError, ClientError):
            time.sleep(0.2)
        else:
            client.close()
            return
    raise RuntimeError(f"the server at {url} made no bucket in {_START_S} s")


def _free_port() -> int:
    return _free_ports(1)[0]


def _free_ports(count: int) -> list[int]:
    """As many ports that were free just now, no two the same."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


def _await_port(process: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + _START_S
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"{process.args!r} did not open its port")
