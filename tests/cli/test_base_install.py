"""The base install: a wheel with its five dependencies and nothing of the server asks, verifies and helps."""

import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from signing.receipt import sign_receipt
from signing.trust import format_trust
from tests.signing.samples import NOW, receipt, receipt_signer, trust

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def base() -> Iterator[Path]:
    """A folder outside the tree with an environment that holds the wheel and the base dependencies only."""
    folder = Path(tempfile.mkdtemp(prefix="consent-base-"))
    try:
        build = [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(ROOT)]
        subprocess.run(build, check=True, capture_output=True, timeout=300)
        venv.create(folder / "env", with_pip=True, symlinks=True)
        wheel = next(folder.glob("*.whl"))
        install = ["-m", "pip", "install", "-q", "--no-deps", "--no-index", str(wheel)]
        subprocess.run(
            [folder / "env" / "bin" / "python", *install], check=True, capture_output=True, timeout=300
        )
        site = next((folder / "env" / "lib").glob("python*/site-packages"))
        for entry in _entries("consent-registry"):
            if not (site / entry.name).exists():
                (site / entry.name).symlink_to(entry)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _entries(name: str) -> Iterator[Path]:
    """What stands at the top of site-packages for everything that a plain install of `name` pulls in."""
    for line in distribution(name).requires or []:
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            found = distribution(requirement.name)
            yield from _tops(found)
            yield from _entries(requirement.name)


def _tops(found: Distribution) -> set[Path]:
    """A distribution's own packages, modules and metadata; scripts and the like stand outside."""
    tops = {Path(file).parts[0] for file in found.files or []} - {"..", "__pycache__"}
    return {path for top in tops if (path := Path(str(found.locate_file(top)))).exists()}


def run(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    binaries = folder / "env" / "bin"
    environment = {"PATH": str(binaries), "HOME": str(folder)}
    return subprocess.run(
        [binaries / args[0], *args[1:]],
        cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def test_django_is_not_there_and_the_sdk_is(base: Path) -> None:
    assert run(base, "python", "-c", "import django").returncode == 1
    done = run(base, "python", "-c", "from consent import Denied, Registry, Unavailable; print(Registry)")
    assert done.returncode == 0, done.stderr
    assert str(base) in run(base, "python", "-c", "import consent; print(consent.__file__)").stdout


def test_every_module_of_the_base_imports(base: Path) -> None:
    walk = (
        "import importlib, pkgutil, signing, consent.core, consent.client, consent.cli\n"
        "for package in (signing, consent.core, consent.client, consent.cli):\n"
        "    for module in pkgutil.walk_packages(package.__path__, package.__name__ + '.'):\n"
        "        importlib.import_module(module.name)\n"
    )
    done = run(base, "python", "-c", walk)
    assert done.returncode == 0, done.stderr


def test_the_command_helps_and_says_its_version(base: Path) -> None:
    done = run(base, "consent", "--help")
    assert done.returncode == 0, done.stderr
    assert "VERB" in done.stdout
    assert "consent-registry 0." in run(base, "consent", "--version").stdout


def test_a_receipt_verifies_offline(base: Path) -> None:
    (base / "trust.json").write_bytes(format_trust(trust()))
    (base / "r.receipt").write_text(sign_receipt(receipt(), signer=receipt_signer()))
    at = NOW.strftime("%Y-%m-%dT%H:%M:%SZ")
    done = run(base, "consent", "verify", "r.receipt", "--trust", "trust.json", "--at", at)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("valid receipt")


def test_asking_without_a_registry_is_unavailable_not_allowed(base: Path) -> None:
    ask = (
        "from consent import Registry, Unavailable\n"
        "try:\n"
        "    Registry('http://127.0.0.1:9', 'crk_test_abcdefgh').require(performer='a', use='train.voice')\n"
        "except Unavailable as exc:\n"
        "    raise SystemExit(3)\n"
    )
    assert run(base, "python", "-c", ask).returncode == 3


def test_the_templates_that_a_performer_signs_travel_in_the_wheel(base: Path) -> None:
    render = (
        "from consent.core.consent_text import load_template; assert load_template('voice-clone', 1, 'en')"
    )
    done = run(base, "python", "-c", render)
    assert done.returncode == 0, done.stderr
