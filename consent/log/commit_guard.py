"""Telling a COMMIT that is known to have happened from every other outcome."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.db import Error, connection

from consent.log.errors import CommitUnknownError


@contextmanager
def known_commit() -> Iterator["CommitWatch"]:
    """Run a transaction whose COMMIT is believed only if it succeeded without a warning.

    PostgreSQL answers COMMIT with a warning where the row is on this server's disk only ("canceling
    wait for synchronous replication"), and with nothing at all where the connection broke. Both are
    unknown outcomes (DESIGN §8). The body calls `committing()` as its last act.

    Raises:
        CommitUnknownError: 503, retry.
    """
    connection.ensure_connection()
    watch = CommitWatch()
    raw = connection.connection
    raw.add_notice_handler(watch.notice)
    try:
        yield watch
    except Error as exc:
        if watch.began:
            raise CommitUnknownError(f"the outcome of COMMIT is unknown: {exc}") from exc
        raise
    finally:
        if not raw.closed:
            raw.remove_notice_handler(watch.notice)
    if watch.warnings:
        raise CommitUnknownError(f"COMMIT was answered with a warning: {'; '.join(watch.warnings)}")


class CommitWatch:
    """Collects the warnings that come after `committing()`."""

    def __init__(self) -> None:
        self.began = False
        self.warnings: list[str] = []

    def committing(self) -> None:
        """Say that only COMMIT is left."""
        self.began = True

    def notice(self, diagnostic: psycopg.errors.Diagnostic) -> None:
        """Keep what the server says from now on, but for messages below a warning."""
        if self.began and diagnostic.severity_nonlocalized not in {"NOTICE", "INFO", "DEBUG", "LOG"}:
            self.warnings.append(diagnostic.message_primary or "without text")
