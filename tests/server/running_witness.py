"""Witnesses as processes of their own, as guilds and universities run them: `consent witness serve`."""

import hashlib
import subprocess
import sys
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from signing.note import VerifierKey, parse_note
from tests.cli.command import Command

_START = [sys.executable, "-m", "consent.cli.main", "witness", "serve"]


class RunningWitness:
    """One witness in its folder; `start` and `stop` it as its operator does. Its address stays the same."""

    def __init__(self, folder: Path, *, name: str) -> None:
        self._folder = folder
        self._config = folder / "witness.toml"
        self._process: subprocess.Popen[str] | None = None
        command = Command()
        assert command.run("witness", "init", folder, "--name", name) == 0, command.err
        self.key = VerifierKey.parse(command.out.strip())
        self.url = ""
        self._listen("127.0.0.1:8791", "127.0.0.1:0")

    def _listen(self, before: str, after: str) -> None:
        self._config.write_text(self._config.read_text().replace(f'"{before}"', f'"{after}"'))

    def lists(self, keys: Sequence[VerifierKey]) -> None:
        """Write the log's keys into witness.toml; a running witness goes on with those it was started with."""
        head = self._config.read_text().partition("\n[[log]]")[0]
        self._config.write_text(head + "".join(f'\n[[log]]\nvkey = "{key.text}"\n' for key in keys))

    def start(self) -> None:
        """Serve, and wait until it says where."""
        self._process = subprocess.Popen([*_START, str(self._folder)], stderr=subprocess.PIPE, text=True)
        assert self._process.stderr is not None
        self.url = self._process.stderr.readline().split()[-1]
        self._listen("127.0.0.1:0", self.url.removeprefix("http://"))

    def knows(self, origin: str) -> set[bytes]:
        """The ids of the log keys whose lines it keeps, from the checkpoint that it shows to monitors."""
        name = hashlib.sha256(origin.encode()).hexdigest()
        with urllib.request.urlopen(f"{self.url}/{name}/checkpoint", timeout=60) as answer:
            signatures = parse_note(answer.read()).signatures
        return {each.key_id for each in signatures if each.name == origin}

    def stop(self) -> None:
        """End it as a service manager does."""
        if self._process is not None:
            self._process.terminate()
            self._process.communicate(timeout=60)
            self._process = None
