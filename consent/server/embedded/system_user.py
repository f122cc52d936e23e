"""The unprivileged account that PostgreSQL runs under when the launcher is root.

PostgreSQL refuses to run as root, and initdb looks its account up by name, so a number
alone is not enough.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import Any

from consent.server.embedded.errors import StartError

ACCOUNT = "consent-postgres"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAs:
    """The account of the database processes; `None` in both means: whoever runs the launcher."""

    uid: int | None = None
    gid: int | None = None

    @property
    def drops(self) -> bool:
        """Whether processes change to another account."""
        return self.uid is not None

    def popen_options(self) -> dict[str, Any]:
        """The arguments of `subprocess` that make a child run under this account."""
        if not self.drops:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: os.PathLike[str]) -> None:
        """Hand `path` itself (not what is below) to this account."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)


def database_account() -> RunAs:
    """The account for PostgreSQL: our own one, made on first use, when we are root.

    Raises:
        StartError: we are root and no account can be made.
    """
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return RunAs()
    import pwd  # noqa: PLC0415  # exists on POSIX only

    try:
        entry = pwd.getpwnam(ACCOUNT)
    except KeyError:
        _make_account()
        entry = pwd.getpwnam(ACCOUNT)
    if entry.pw_uid == 0:
        raise StartError(f"The account {ACCOUNT} is root; PostgreSQL refuses to run as root.")
    return RunAs(uid=entry.pw_uid, gid=entry.pw_gid)


def _make_account() -> None:
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd is None:
        raise StartError(
            f"PostgreSQL refuses to run as root and there is no useradd to make the account {ACCOUNT}. "
            "Run this as an ordinary user, or set CONSENT_DATABASE_URL to a PostgreSQL you run yourself."
        )
    # No home, no shell, no password: it owns the cluster's files and nothing else.
    arguments = [useradd, "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
    made = subprocess.run(  # noqa: S603  # fixed arguments
        [*arguments, "--shell", "/usr/sbin/nologin", ACCOUNT], capture_output=True, text=True, check=False
    )
    if made.returncode not in (0, 9):  # 9: another launcher made it a moment ago
        raise StartError(f"useradd could not make the account {ACCOUNT}: {made.stderr.strip()}")
