"""A monitor: follows a log's checkpoints, and says when the log contradicts itself or falls silent."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from consent.client.errors import ConsentError, Unavailable
from consent.client.transparency.reader import LogReader
from consent.client.transparency.watched import Watched
from signing.errors import SigningError
from signing.signed_checkpoint import SignedCheckpoint

CLOCK_SKEW_S = 60


class Contradiction(ConsentError):  # noqa: N818  # what it is, in the words of the field
    """The log signed two heads that do not fit together. `evidence` are the files in which both are kept."""

    def __init__(self, message: str, evidence: list[Path]) -> None:
        self.evidence = evidence
        super().__init__(f"{message}; both signed checkpoints are kept: {', '.join(map(str, evidence))}")


class Silent(Unavailable):
    """The log has shown nothing new and valid for longer than it may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One look at the log: the head that is now remembered, and how many entries it has gained."""

    head: SignedCheckpoint
    grown_by: int


class Watcher:
    """Looks at a log again and again.

    `now` tells the time that cosignatures are held against, `silence_s` how long the log may show nothing that is
    both valid and fresh. Fresh is a checkpoint that arrived now; where witnesses have cosigned it, their newest time
    counts instead, so that an old checkpoint shown for ever is silence too.
    """

    def __init__(
        self,
        reader: LogReader,
        watched: Watched,
        *,
        silence_s: float,
        now: Callable[[], datetime],
    ) -> None:
        self._reader = reader
        self._watched = watched
        self._silence_s = silence_s
        self._now = now
        self._heard_at = now().timestamp()

    def look(self) -> Step | None:
        """Fetch the head, prove it against the last one and remember it; None where the log could not be read.

        Raises:
            Contradiction: two signed heads do not fit together.
            Silent: nothing fresh was heard for `silence_s`.
            SigningError: the log shows a head that its policy does not accept.
            ConfigurationError: the remembered head cannot be read or written.
        """
        try:
            head = self._reader.head()
            step = self._follow(head)
        except Unavailable as exc:
            self._check_silence(str(exc))
            return None
        if step.head is head:  # an older one than was seen before says nothing about now
            self._heard_at = max(self._heard_at, self._freshness(head))
        self._check_silence("its newest checkpoint is old")
        return step

    def _follow(self, head: SignedCheckpoint) -> Step:
        last = self._watched.last(self._reader.policy)
        if last is None:
            self._watched.remember(head)
            return Step(head=head, grown_by=0)
        old, new = sorted((last, head), key=lambda each: each.checkpoint.size)
        try:
            self._reader.check_growth(old, new)
        except SigningError as exc:
            evidence = self._watched.keep_evidence(last, head)
            raise Contradiction(
                f"{head.checkpoint.origin}: the log of {old.checkpoint.size} entries is not proven to be"
                f" a beginning of the log of {new.checkpoint.size}: {exc}",
                evidence,
            ) from exc
        if new is head:
            self._watched.remember(head)
        return Step(head=new, grown_by=max(0, head.checkpoint.size - last.checkpoint.size))

    def _freshness(self, head: SignedCheckpoint) -> float:
        times = [each.time for each in head.cosignatures if each.time]  # 0 says nothing: tlog-cosignature
        now = self._now().timestamp()
        if not times:
            return now
        # tlog-cosignature § Format: a time in the future may be refused; taken as now it would be fresh until then.
        return min(now, max((each for each in times if each <= now + CLOCK_SKEW_S), default=0))

    def _check_silence(self, why: str) -> None:
        silent_s = self._now().timestamp() - self._heard_at
        if silent_s > self._silence_s:
            raise Silent(
                f"nothing fresh from the log for {silent_s:.0f} s, at most {self._silence_s:.0f} expected: {why}"
            )
