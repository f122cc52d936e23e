"""The wheel, installed into a fresh environment outside the source tree: SDK, CLI, server and demo work from it."""

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.running import Running, new_folder

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def installed() -> Iterator[Path]:
    """A folder outside the source tree with an environment that holds the wheel; its dependencies are ours."""
    folder = new_folder()
    try:
        subprocess.run(
            [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(ROOT)],
            check=True, capture_output=True, timeout=300,
        )  # fmt: skip
        wheel = next(folder.glob("*.whl"))
        venv.create(folder / "env", with_pip=True, symlinks=True)
        python = folder / "env" / "bin" / "python"
        subprocess.run(
            [python, "-m", "pip", "install", "-q", "--no-deps", "--no-index", str(wheel)],
            check=True, capture_output=True, timeout=300,
        )  # fmt: skip
        _lend_dependencies(python)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_demo_runs_from_the_wheel(installed: Path) -> None:
    done = _run(installed, "-m", "consent.server", "demo")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "demo: ok"


def test_sdk_and_cli_load_no_django(installed: Path) -> None:
    code = (
        "import sys; from consent import Registry; import consent.cli.main; "
        "assert Registry and not {'django', 'rest_framework', 'psycopg', 'granian'} & set(sys.modules)"
    )
    done = _run(installed, "-c", code)
    assert done.returncode == 0, done.stderr


def test_registry_and_command_line_run_from_the_wheel(installed: Path) -> None:
    python = str(installed / "env" / "bin" / "python")
    running = Running(new_folder(), python=python)
    question = ("--use", "train.voice", "--territory", "DE", "--language", "de", "--purpose", "audiobook")
    try:
        running.start()
        running.consent("check", "--performer", "prf_test_allow", *question, "--receipt", "voice.receipt")
        running.consent("verify", "--allow-test", "voice.receipt")
        running.consent("check", "--performer", "prf_test_deny", *question, code=1)
    finally:
        running.stop()
        shutil.rmtree(running.folder, ignore_errors=True)


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CONSENT_")}
    for name in ("DJANGO_SETTINGS_MODULE", "PYTHONPATH"):
        environment.pop(name, None)
    return subprocess.run(
        [folder / "env" / "bin" / "python", *arguments],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


def _lend_dependencies(python: Path) -> None:
    """Let the fresh environment see the third-party packages of this one, but not this source tree.

    A .pth file cannot do that: it would bring our editable install along. So each package is linked.
    """
    ask = "import sysconfig; print(sysconfig.get_paths()['purelib'])"
    theirs = Path(
        subprocess.run([python, "-c", ask], check=True, capture_output=True, text=True).stdout.strip()
    )
    ours = Path(
        subprocess.run([sys.executable, "-c", ask], check=True, capture_output=True, text=True).stdout.strip()
    )
    for entry in ours.iterdir():
        is_us = entry.name.startswith(("consent_registry", "_consent_registry", "_editable", "__editable__"))
        if is_us or entry.suffix == ".pth" or (theirs / entry.name).exists():
            continue
        (theirs / entry.name).symlink_to(entry)
