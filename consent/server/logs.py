"""Structured logs: one JSON object a line, without anything a person sent.

A log line says what happened where, by id. Messages are ours and their arguments are ids and counts;
of an exception only its type and the places in the code are kept, because its text may quote values.
"""

import json
import logging
import os
import sys
import traceback
from collections.abc import Iterable
from contextlib import nullcontext
from datetime import UTC, datetime
from functools import lru_cache
from typing import TextIO

Noted = tuple[
    float, str, str, str, int, float
]  # when, since 1970; request, route, method, status; how long, in s
_FIELDS = ("request_id", "route", "method", "status", "duration_ms", "process")


class JsonFormatter(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, tz=UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: value for name in _FIELDS if (value := getattr(record, name, None)) is not None}
        if record.exc_info and record.exc_info[0] is not None:
            line["exception"] = record.exc_info[0].__name__
            line["at"] = [
                f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}"
                for frame in traceback.extract_tb(record.exc_info[2])[-12:]
            ]
        return json.dumps(line, ensure_ascii=False)


def request_line(noted: Noted) -> str:
    """The line of an answered request, without its end, as `JsonFormatter` writes it.

    All of it is made of our own words and ids, in which nothing has to be escaped.
    """
    at, request_id, route, method, status, seconds = noted
    second = int(at)
    return (
        f'{{"time": "{_second(second)}.{int((at - second) * 1000):03d}+00:00", "level": "info", '
        f'"logger": "consent.requests", "message": "request", "request_id": "{request_id}", '
        f'"route": "{route}", "method": "{method}", "status": {status}, "duration_ms": {seconds * 1000:.1f}, '
        f'"process": {os.getpid()}}}'
    )


@lru_cache(maxsize=4)
def _second(second: int) -> str:
    return datetime.fromtimestamp(second, tz=UTC).strftime("%Y-%m-%dT%H:%M:%S")


def write_lines(lines: Iterable[str]) -> None:
    """Write whole lines where all logs go, together."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler) and isinstance(handler.formatter, JsonFormatter):
            with handler.lock or nullcontext():
                handler.stream.write("\n".join(lines) + "\n")
                handler.flush()
            return


def set_up_logs(stream: TextIO | None = None, *, level: int = logging.INFO) -> None:
    """Send all logs as JSON lines to `stream` (standard output); replaces what was set up before."""
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # Django's lines name addresses with their ids and quote exceptions; ours say the same by route.
    logging.getLogger("django.request").setLevel(logging.CRITICAL)
    logging.getLogger("django.security").setLevel(logging.CRITICAL)
    logging.getLogger("botocore").setLevel(logging.WARNING)
    logging.getLogger("boto3").setLevel(logging.WARNING)
