"""What stands where in the data folder of the laptop, and the secrets that it makes for itself."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from consent.log import durable_file

SERVER_ENV = Path("run") / "server.env"


@dataclass(frozen=True, slots=True, kw_only=True)
class LaptopFolder:
    """The folder `root`, `.state` unless CONSENT_DATA_DIR says otherwise."""

    root: Path

    @property
    def postgres(self) -> Path:
        """The embedded PostgreSQL's home."""
        return self.root / "postgres"

    @property
    def run(self) -> Path:
        """What only matters while it runs."""
        return self.root / "run"

    @property
    def logs(self) -> Path:
        """What the processes say."""
        return self.root / "log"

    @property
    def server_env(self) -> Path:
        """The settings of the running registry, for commands in another terminal."""
        return self.root / SERVER_ENV

    @property
    def test_env(self) -> Path:
        """The client's settings, to be sourced by a shell; PowerShell reads no other file than its own kind."""
        return self.root / ("test.ps1" if os.name == "nt" else "test.env")

    @property
    def trust(self) -> Path:
        """The trust file."""
        return self.root / "trust.json"

    def make(self) -> None:
        """Make the folders. As root, others may pass through the top: the database's account has to."""
        self.root.mkdir(parents=True, exist_ok=True)
        if os.name == "posix":
            self.root.chmod(0o711 if os.geteuid() == 0 else 0o700)
        for folder in (self.run, self.logs, self.root / "secrets"):
            folder.mkdir(mode=0o700, exist_ok=True)

    def secret(self, name: str) -> Path:
        """The file of a secret, made on first use."""
        path = self.root / "secrets" / name
        if not path.exists():
            durable_file.create(path, secrets.token_urlsafe(48).encode() + b"\n")
        return path


def write_env(path: Path, values: Mapping[str, str]) -> None:
    """Write NAME=value lines, readable by the owner only."""
    durable_file.replace(path, "".join(f"{name}={value}\n" for name, value in values.items()).encode())


def read_env(path: Path) -> dict[str, str]:
    """What `write_env` wrote; empty where there is no such file."""
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return {}
    return dict(line.split("=", 1) for line in lines if "=" in line)
