"""Runs one command line in this process, with streams, clock, answers and transport of the test's own."""

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from consent.cli.context import Context
from consent.cli.main import main
from consent.client.transport import Transport
from signing.trust import Trust, format_trust
from tests.client.recorded_registry import NOW, TEST_KEY, URL


@dataclass
class Command:
    """What a shell would give the command, and what it printed."""

    transport: Transport | None = None
    environ: dict[str, str] = field(default_factory=lambda: {"CONSENT_URL": URL, "CONSENT_API_KEY": TEST_KEY})
    stdin: bytes = b""
    answers: Iterable[str] = ()
    interactive: bool = True
    now: datetime = NOW
    out: str = ""
    err: str = ""
    asked: list[str] = field(default_factory=list)

    def run(self, *args: object) -> int:
        """The exit code; `out` and `err` are what was printed."""
        out, err = io.StringIO(), io.StringIO()
        answers = iter(self.answers)

        def ask(prompt: str) -> str:
            self.asked.append(prompt)
            return next(answers)

        clock = iter(range(10_000))
        context = Context(
            environ=self.environ,
            out=out,
            err=err,
            stdin=io.BytesIO(self.stdin),
            transport=self._transport,
            now=lambda: self.now,
            monotonic=lambda: next(clock) / 1000,
            sleep=lambda _seconds: None,
            ask=ask,
            ask_secret=ask,
            interactive=self.interactive,
        )
        code = main([str(arg) for arg in args], context)
        self.out, self.err = out.getvalue(), err.getvalue()
        assert "Traceback" not in self.out + self.err
        return code

    def trusting(self, trust: Trust, folder: Path) -> "Command":
        """The same with CONSENT_TRUST naming a file with this trust."""
        path = folder / "trust.json"
        path.write_bytes(format_trust(trust))
        self.environ["CONSENT_TRUST"] = str(path)
        return self

    def _transport(self) -> Transport:
        assert self.transport is not None, "this verb must not use the network"
        return self.transport


Bend = Callable[[dict[str, object]], object]
