"""What a verb works with, as values, so that a test can put its own in their place."""

import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum
from getpass import getpass
from typing import BinaryIO, TextIO

from consent.client.transport import HttpTransport, Transport


class Exit(IntEnum):
    """Exit codes, the same for every verb (DESIGN §10)."""

    ALLOW = 0  # allowed, valid, done
    DENY = 1  # denied, invalid, refused
    USAGE = 2  # the command or the request is wrong
    UNAVAILABLE = 3  # no answer to rely on: treat it as a no


def _now() -> datetime:
    return datetime.now(UTC)


def _at_a_terminal() -> bool:
    return sys.stdin.isatty()


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Streams, environment, clock, transport and the way to ask a person."""

    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    out: TextIO = field(default_factory=lambda: sys.stdout)
    err: TextIO = field(default_factory=lambda: sys.stderr)
    stdin: BinaryIO = field(default_factory=lambda: sys.stdin.buffer)
    transport: Callable[[], Transport] = HttpTransport
    now: Callable[[], datetime] = _now
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    ask: Callable[[str], str] = input
    ask_secret: Callable[[str], str] = getpass
    interactive: bool = field(default_factory=_at_a_terminal)

    def say(self, text: str = "") -> None:
        """One line of result, on standard output."""
        print(text, file=self.out)

    def note(self, text: str) -> None:
        """One line about the work, on standard error."""
        print(text, file=self.err, flush=True)
