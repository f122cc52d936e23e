"""Deciding on the licensee's own machine: one check, a manifest of a million rows, and what a million consents take."""

import gc
import random
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from consent.client.local.pairs import Pair, PairGrant, pack
from consent.client.local.picture import Picture
from consent.client.manifests.columns import Columns
from consent.client.manifests.scan import scan
from consent.client.manifests.source import open_manifest
from tests.bench.report import Row
from tests.client.recorded_feed import QUESTION, TERMS, RecordedFeed, Stepped, grant, subject

PERFORMERS = 1000
ROUNDS, CALLS = 200, 100  # the clock is read once a round
ROWS = 1_000_000
CONSENTS = 1_000_000
CHECK_US, SCAN_S = 3.0, 5.0


def measure() -> list[Row]:
    """In this process, on pages that a double of the feed has signed; the CPU time of this thread."""
    registry = RecordedFeed()
    for number in range(PERFORMERS):
        registry.change(subject(_performer(number), grant(f"grt_test_g{number}")))
    stepped = registry.local()
    stepped.follow()
    return [*_checks(stepped), _manifest(registry, stepped), _memory()]


def _checks(stepped: Stepped) -> list[Row]:
    ask = stepped.local.question(**QUESTION)
    one = _performer(7)
    rows = []
    for what, call, goal in (
        ("SDK local check, prepared", lambda: ask(one), CHECK_US),
        ("SDK local check, whole question", lambda: stepped.ask(one), None),
    ):
        if not call():
            raise RuntimeError("expected an active consent to allow")
        took_us = []
        for _ in range(ROUNDS):
            began = time.thread_time_ns()
            for _ in range(CALLS):
                call()
            took_us.append((time.thread_time_ns() - began) / CALLS / 1000)
        rows.append(
            Row(
                what=what,
                value=statistics.median(took_us),
                unit="µs",
                at_most=goal,
                samples=ROUNDS * CALLS,
                beside=f"fastest round {min(took_us):.1f} µs",
            )
        )
    return rows


def _manifest(registry: RecordedFeed, stepped: Stepped) -> Row:
    draw = random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "manifest.csv"
        with path.open("w", encoding="ascii") as file:
            file.write("file,speaker,seconds\n")
            file.writelines(
                f"clips/{row:07d}.wav,{_performer(draw.randrange(PERFORMERS))},{draw.random() * 9:.2f}\n"
                for row in range(ROWS)
            )
        began = time.process_time()
        report = scan(
            open_manifest(path),
            columns=Columns(mapped={"performer": "speaker"}, constants=QUESTION),
            registry=stepped.local,
            folder=Path(folder) / "report",
            now=lambda: registry.at,
        )
        took_s = time.process_time() - began
    if not report.allowed:
        raise RuntimeError("expected every row to be allowed")
    return Row(
        what="SDK local manifest, 1,000,000 rows",
        value=took_s,
        unit="s",
        at_most=SCAN_S,
        beside=f"{PERFORMERS:,} performers; CPU time, with report and rows.csv written",
    )


def _memory() -> Row:
    """What a copy of a million consents takes, and how long it is folded."""
    caller = RecordedFeed().local()
    caller.follow()
    assert caller.memory.picture is not None
    picture = Picture(caller.memory.picture.caller)
    gc.collect()
    before, began = _resident_bytes(), time.process_time()
    signed_at = datetime(2027, 1, 1, tzinfo=UTC)
    for number in range(CONSENTS):
        told = PairGrant(
            grant=f"grt_{number:026d}",
            state="active",
            signed_at=signed_at,
            terms=TERMS,
            grant_sha256=f"{number:064x}",
        )
        pair = Pair(
            performer=f"prf_{number:026d}",
            licensee=picture.caller.organization,
            ever_signed=True,
            grants=(told,),
        )
        picture.put_packed(pair.name, pack(pair, picture.table), ())
    took_s = time.process_time() - began
    grown = _resident_bytes() - before
    return Row(
        what="SDK local copy of 1,000,000 consents",
        value=grown / 2**20,
        unit="MiB",
        beside=f"{grown / CONSENTS:.0f} bytes a consent; folded in {took_s:.0f} s of CPU",
    )


def _performer(number: int) -> str:
    return f"prf_test_p{number}"


def _resident_bytes() -> int:
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("expected VmRSS in /proc/self/status")
