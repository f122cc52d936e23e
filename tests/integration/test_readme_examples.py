"""The README's examples, run as they are printed."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.running import Running

README = (Path(__file__).resolve().parents[2] / "README.md").read_text("utf-8")


def test_the_python_example_allows_and_saves_a_receipt(registry: Running) -> None:
    example, _ = _blocks("python")
    done = _run(registry, [sys.executable, "-c", example])
    assert done.returncode == 0, done.stdout + done.stderr
    registry.consent("verify", "--allow-test", "voice.receipt")
    registry.consent("verify", "voice.receipt", code=1)


def test_the_python_example_of_local_mode_allows(registry: Running) -> None:
    _, example = _blocks("python")
    done = _run(registry, [sys.executable, "-c", example])
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.needs("curl")
def test_the_curl_example_is_answered_with_an_allow(registry: Running) -> None:
    (example,) = [block for block in _blocks("") if block.startswith("curl ")]
    done = _run(registry, ["bash", "-c", example])
    assert done.returncode == 0, done.stderr
    assert '"decision":"allow"' in done.stdout


def test_the_scan_example_reads_a_manifest_and_allows_or_denies_each_row(registry: Running) -> None:
    (example,) = [block for block in _blocks("") if block.startswith("consent scan ")]
    (registry.folder / "manifest.csv").write_text(
        "speaker_id,path\nprf_test_allow,a.flac\nprf_test_deny,b.flac\n"
    )
    command = example.replace("consent scan", f"{sys.executable} -m consent.cli.main scan", 1)
    done = _run(registry, ["bash", "-c", command])
    assert done.returncode == 1, done.stdout + done.stderr
    assert "no_active_consent" in done.stdout


def _blocks(language: str) -> list[str]:
    """The fenced blocks of one language, without the fences."""
    return [
        text.strip("\n") for name, text in re.findall(r"```(\w*)\n(.*?)```", README, re.S) if name == language
    ]


def _run(registry: Running, arguments: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        arguments,
        cwd=registry.folder,
        env=registry.client_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
