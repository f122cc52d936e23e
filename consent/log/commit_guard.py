"""Telling a COMMIT that is known to have happened from every other outcome."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import Error, connection

from consent.log.errors import CommitUnknownError

_BELOW_WARNING = frozenset({"NOTICE", "INFO", "DEBUG", "LOG"})


@contextmanager
def known_commit() -> Iterator["CommitWatch"]:
    """Run a transaction whose COMMIT is believed only if it succeeded without a warning.

    PostgreSQL answers COMMIT with a warning where the row is on this server's disk only ("canceling
    wait for synchronous replication"), and with nothing at all where the connection broke. Both are
    unknown outcomes (DESIGN §8). The body calls `committing()` as its last act.

    Raises:
        CommitUnknownError: 503, retry.
    """
    watch = CommitWatch()
    try:
        yield watch
    except Error as exc:
        if watch.began:
            raise CommitUnknownError(f"the outcome of COMMIT is unknown: {exc}") from exc
        raise
    finally:
        watch.stop()
    if watch.warnings:
        raise CommitUnknownError(f"COMMIT was answered with a warning: {'; '.join(watch.warnings)}")


class CommitWatch:
    """Collects the server's warnings from `committing()` on."""

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self._raw: Any = None

    @property
    def began(self) -> bool:
        """Whether only COMMIT was left."""
        return self._raw is not None

    def committing(self) -> None:
        """Say that only COMMIT is left."""
        # Not earlier: Django may have replaced a stale connection when the transaction began.
        self._raw = connection.connection
        self._raw.add_notice_handler(self._notice)

    def stop(self) -> None:
        """End the watch; the connection may be gone."""
        if self._raw is not None:
            self._raw.remove_notice_handler(self._notice)

    def _notice(self, diagnostic: psycopg.errors.Diagnostic) -> None:
        if diagnostic.severity_nonlocalized not in _BELOW_WARNING:
            self.warnings.append(diagnostic.message_primary or "without text")
