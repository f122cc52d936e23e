"""The packages of Go's checksum database verify our logs, and we verify theirs.

They come from Debian (golang-go, golang-golang-x-mod-dev) and are built without network.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest

from consent.client.transparency.fsck import fsck
from consent.client.transparency.reader import LogReader
from consent.client.transparency.source import FolderSource
from signing.note import VerifierKey
from signing.tlog_policy import Policy
from tests.client.log_folder import VKEY, LogFolder

HERE = Path(__file__).parent
SOURCE = HERE / "go_tlog" / "main.go"
PACKAGES = Path("/usr/share/gocode")
TESSERA = HERE.parent / "vectors" / "tlog"

pytestmark = [
    pytest.mark.needs("go"),
    pytest.mark.skipif(
        not (PACKAGES / "src/golang.org/x/mod/sumdb/tlog").is_dir(), reason="needs golang-golang-x-mod-dev"
    ),
]


@pytest.fixture(scope="module")
def go_tlog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program, built from the packages on this machine alone."""
    folder = tmp_path_factory.mktemp("go")
    program = folder / "go_tlog"
    environ = {
        **os.environ,
        "GO111MODULE": "off",
        "GOPATH": str(PACKAGES),
        "GOCACHE": str(folder / "cache"),
        "GOPROXY": "off",
        "GOFLAGS": "",
    }
    subprocess.run(["go", "build", "-o", program, SOURCE], check=True, env=environ, timeout=240)
    return program


def _run(*args: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(each) for each in args], capture_output=True, text=True, check=False, timeout=120
    )


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 5_000, 66_000])
def test_go_verifies_our_log(go_tlog: Path, tmp_path: Path, size: int) -> None:
    log = LogFolder(tmp_path).grow(size)
    done = _run(go_tlog, "verify", tmp_path, VKEY)
    assert (done.returncode, done.stdout) == (0, f"{size} entries\n"), done.stderr
    log.write("checkpoint", log.signed(bytes(32), size))
    assert _run(go_tlog, "verify", tmp_path, VKEY).returncode == 1


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 5_000, 66_000])
def test_we_verify_the_log_of_go(go_tlog: Path, tmp_path: Path, size: int) -> None:
    made = _run(go_tlog, "make", tmp_path, "go.example/log", size)
    assert made.returncode == 0, made.stderr
    key = VerifierKey.parse(made.stdout.strip())
    reader = LogReader(FolderSource(tmp_path), Policy.of_log(key))
    report = fsck(reader)
    assert (report.faults, report.entries) == ([], size)
    head = reader.head()
    for index in {0, size // 2, size - 1}:
        assert reader.entry(index, head) == f"entry {index} of go.example/log".encode()


def test_both_verify_a_log_of_a_third(go_tlog: Path, tmp_path: Path) -> None:
    vkey = json.loads((TESSERA / "tessera-log.meta.json").read_text())["vkey"]
    done = _run(go_tlog, "verify", TESSERA / "tessera-log", vkey)
    assert (done.returncode, done.stdout) == (0, "15 entries\n"), done.stderr
