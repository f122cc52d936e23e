"""Where the microseconds go: a check from memory, one with an inline receipt, a batch's row, and a check on the
licensee's own machine.

A process of its own calls the lane as the web server does, without the web server: no socket, no HTTP. `python -m
tests.bench --only profile` prints it, `python -m tests.bench.publish` puts it into the documentation.
"""

import io
import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from tests.bench.machine import pin
from tests.bench.place import QUESTION, Place
from tests.bench.report import Row
from tests.bench.servers import ROOT
from tests.bench.stopwatch import Part, Spent
from tests.bench.stopwatch import measure as spent_by

ROWS, PERFORMERS = 1000, 50
PREFIX = "time in "
LIMIT_S = 300


def measure(place: Place) -> list[Row]:
    """All four, on the server's core."""
    given = {"secret": place.secret, "performers": [place.seed.reference(n) for n in range(PERFORMERS)]}
    pin(place.server_core)  # inherited
    try:
        told = subprocess.run(
            [sys.executable, "-m", "tests.bench.where_time_goes"],
            cwd=ROOT,
            input=json.dumps(given),
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
    finally:
        pin(place.load_core)
    if told.returncode:
        raise RuntimeError(f"expected figures, got exit code {told.returncode}: {told.stderr[-500:]}")
    return [Row(**row) for row in json.loads(told.stdout)]


def rows_of(what: str, spent: Spent, *, per: int = 1, at_most: float | None = None) -> list[dict[str, Any]]:
    """The whole, its parts with their share of it, and the rest."""
    whole = spent.whole_us / per
    found = [{"what": PREFIX + what, "value": whole, "unit": "µs CPU", "at_most": at_most}]
    for name, us, within in [
        *((part.what, us / per, part.within) for part, us in spent.parts),
        ("the rest", spent.rest_us / per, False),
    ]:
        share = f"{us / whole * 100:.0f} %" + (", within the one above" if within else "")
        found.append({"what": f"{PREFIX}{what}: {name}", "value": us, "unit": "µs", "beside": share})
    return found


def _lane(secret: str, performers: list[str]) -> list[dict[str, Any]]:
    import consent.server.wsgi  # noqa: F401  # sets Django up, as a web process does
    from consent.check import answering, replica_checks
    from consent.check.answered import Answered
    from consent.check.batch.answered import AnsweredBatch
    from consent.check.batch.answering import BatchAnswering
    from consent.check.batch.settling import BatchSettling
    from consent.check.callers import Callers
    from consent.check.inline_receipt import InlineReceipts
    from consent.check.lane import batches, lane
    from consent.check.ledger.open_segment import OpenSegment
    from consent.check.ledger.segment_ledger import SegmentLedger
    from consent.check.limits.key_meter import KeyMeter
    from consent.check.questions import Questions
    from consent.check.replica_checks import ReplicaChecks
    from consent.server.wiring import wiring
    from signing.private_key import PrivateKey

    served = wiring().lane
    if served is None:
        raise RuntimeError("expected a lane: this machine has no clock that counts suspension")
    request = [
        Part(what="request line and headers", owner=lane, name="_is_plain"),
        Part(what="the key, twice", owner=Callers, name="known"),
        Part(what="limits of the key", owner=KeyMeter, name="count"),
    ]
    single = [
        *request,
        Part(what="question, remembered", owner=Questions, name="read"),
        Part(what="facts from memory", owner=ReplicaChecks, name="_taken"),
        Part(what="deciding", owner=answering, name="settle"),
        Part(what="ledger", owner=SegmentLedger, name="keep_one"),
        Part(what="writing the record", owner=OpenSegment, name="append", within=True),
        Part(what="answer in JSON", owner=Answered, name="to_json"),
    ]
    signature = Part(what="the Ed25519 signature", owner=PrivateKey, name="sign", within=True)
    inline = [*single, Part(what="receipt", owner=InlineReceipts, name="sign"), signature]
    batch = [
        *request,
        Part(what="rows read", owner=batches, name="read_batch"),
        Part(what="questions completed", owner=replica_checks, name="complete_rows"),
        Part(what="facts from memory", owner=ReplicaChecks, name="_facts"),
        Part(what="deciding", owner=BatchSettling, name="settle"),
        Part(what="ledger", owner=SegmentLedger, name="keep"),
        Part(what="writing the record", owner=OpenSegment, name="append", within=True),
        Part(what="receipt", owner=BatchAnswering, name="_sign"),
        signature,
        Part(what="answer in JSON", owner=AnsweredBatch, name="to_json"),
    ]
    question = {**QUESTION, "performer": performers[0]}
    checks = [{"id": str(n), "performer": performers[n % PERFORMERS]} for n in range(ROWS)]
    found = []
    for what, path, document, parts, calls, per in (
        ("a check from memory", "/v1/check", question, single, 100, 1),
        ("a check with an inline receipt", "/v1/check", {**question, "receipt": "inline"}, inline, 100, 1),
        ("a batch's row", "/v1/check/batch", {"defaults": QUESTION, "checks": checks}, batch, 4, ROWS),
    ):
        made = _environ(path, json.dumps(document, separators=(",", ":")).encode(), secret)
        for _ in range(3):  # the first waits for its facts
            answer = served.answer(made())
            if answer is None or answer.status != 200:
                raise RuntimeError(f"expected an answer of the lane to {what}, got {answer}")
        found += rows_of(what, spent_by(served.answer, made, parts, calls=calls), per=per)
    return found


def _local() -> list[dict[str, Any]]:
    from consent.client.local import deciding
    from tests.client.recorded_feed import QUESTION as ASKED
    from tests.client.recorded_feed import RecordedFeed, grant, subject

    registry = RecordedFeed()
    registry.change(subject("prf_test_one", grant("grt_test_one")))
    stepped = registry.local()
    stepped.follow()
    ask = stepped.local.question(**ASKED)
    if not ask("prf_test_one"):
        raise RuntimeError("expected an active consent to allow")
    spent = spent_by(
        ask, lambda: "prf_test_one", [Part(what="deciding", owner=deciding, name="decide")], calls=500
    )
    return rows_of("a local check, prepared", spent)


def _environ(path: str, body: bytes, secret: str) -> Callable[[], dict[str, Any]]:
    """What the web server hands over for a POST, made anew each time."""

    def made() -> dict[str, Any]:
        return {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": "application/json",
            "HTTP_AUTHORIZATION": f"Bearer {secret}",
            "HTTP_HOST": "localhost",
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.input": io.BytesIO(body),
        }

    return made


if __name__ == "__main__":
    given = json.load(sys.stdin)
    json.dump([*_lane(given["secret"], given["performers"]), *_local()], sys.stdout)
