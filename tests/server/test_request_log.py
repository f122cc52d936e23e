"""Lines of requests are written together, as every other line reads, and what is lost is said."""

import io
import json
import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from consent.server.request_log import RequestLog


class Counting:
    """Metrics that only remember what they were told."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []

    def request(self, **what: Any) -> None:
        """One more."""
        self.told.append(what)


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Where all logs go during the test."""
    from consent.server.logs import set_up_logs

    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    made = io.StringIO()
    set_up_logs(made)
    yield made
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> "RequestLog":
    """A log that writes when the test says so."""
    from consent.server.request_log import RequestLog

    monkeypatch.setattr(RequestLog, "_start", lambda self: None)
    return RequestLog(Counting())  # type: ignore[arg-type]  # it counts


def test_every_request_has_its_line_in_the_form_of_all_lines(log: "RequestLog", stream: io.StringIO) -> None:
    from consent.server.logs import JsonFormatter

    for number in range(300):
        log.note(f"req_{number}", "/v1/check", "POST", 200, number / 1000)
    assert stream.getvalue() == ""
    log.write()
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["request_id"] for line in lines] == [f"req_{number}" for number in range(300)]
    record = logging.makeLogRecord({"name": "consent.requests", "levelname": "INFO", "msg": "request"})
    fields = {"request_id": "x", "route": "/v1/check", "method": "POST", "status": 200, "duration_ms": 7.0}
    record.__dict__.update(fields)
    other = json.loads(JsonFormatter().format(record))
    assert list(lines[7]) == list(other)
    assert len(lines[7]["time"]) == len(other["time"])
    assert {name: lines[7][name] for name in fields} == {**fields, "request_id": "req_7"}


def test_what_does_not_fit_is_counted_and_said(
    log: "RequestLog", stream: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    from consent.server import request_log

    monkeypatch.setattr(request_log, "MAX_WAITING", 10)
    for number in range(15):
        log.note(f"req_{number}", "/v1/check", "POST", 200, 0.001)
    log.write()
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert len(lines) == 11 and lines[-1]["message"].startswith("5 requests have no line")
    assert len(log._metrics.told) == 15  # type: ignore[attr-defined]


def test_lines_are_written_without_being_asked(stream: io.StringIO) -> None:
    import time

    from consent.server.request_log import RequestLog

    log = RequestLog(Counting())  # type: ignore[arg-type]
    for wave in ("one", "two"):
        log.note(f"req_{wave}", "/v1/check", "BREW", 200, 0.001)
        deadline = time.monotonic() + 20
        while f"req_{wave}" not in stream.getvalue():
            assert time.monotonic() < deadline, "no line came"
            time.sleep(0.01)
    assert '"method": "other"' in stream.getvalue()


def test_a_forked_child_writes_none_of_its_parents_lines(log: "RequestLog", stream: io.StringIO) -> None:
    log.note("req_parent", "/v1/check", "POST", 200, 0.001)
    log._begin_anew()  # what a child does
    log.write()
    assert stream.getvalue() == ""
