"""The ledger of one process: each decision is in a file before its answer leaves (DESIGN §8 "Ledger").

A segment takes records for about a second, then it is signed once, synced, and found under its own name; receipts
come from there. Killing the process loses nothing; a loss of power loses at most what was not sealed. While segments
cannot be sealed nothing more is kept, and so nothing is answered.
"""

import logging
import os
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path

from consent.check.ledger.batch import BatchDraft, batch_bytes
from consent.check.ledger.decision_ids import (
    BOOT_BYTES,
    MAX_RECORDS,
    MAX_ROWS,
    MAX_SEGMENTS,
    DecisionIds,
    RecordName,
    boot_name,
)
from consent.check.ledger.draft import FoundDecision, Kept
from consent.check.ledger.errors import LedgerError
from consent.check.ledger.open_segment import OpenSegment, root_of
from consent.check.ledger.reading import LedgerReader
from consent.check.ledger.segment_file import NO_CHAIN, Header
from consent.check.ledger.single import Single, single_bytes
from consent.check.process_keys import ProcessKeys
from consent.log.families import SEALS
from consent.log.figures import Family, Labels
from signing.instants import parse_numeric_date
from signing.ledger_record import SALT_BYTES

SEAL_S = 1.0
DRAWN = 128  # random bytes and ids are made for so many records at a time
MAX_BYTES = 16 << 20  # of a segment that is still written; a batch may pass it
MAX_WAITING = 4  # segments that could not be sealed; then nothing more is kept
_logger = logging.getLogger(__name__)
_all: "weakref.WeakSet[SegmentLedger]" = weakref.WeakSet()


class _Side:
    """One side's place in this process. `lock` guards all but `sealing`, which lets one thread seal at a time."""

    def __init__(self, livemode: bool, ids: DecisionIds, random: Callable[[int], bytes]) -> None:
        self.livemode = livemode
        self.ids = ids
        self.lock = threading.Lock()
        self.sealing = threading.Lock()
        self.waiting: list[OpenSegment] = []  # full or a second old; oldest first
        self.current: OpenSegment | None = None
        self.sealed = self.failed = 0  # attempts to seal, counted under `sealing`
        self.begin(random)

    def begin(self, random: Callable[[int], bytes]) -> None:
        """A boot of its own: records are counted from nought."""
        self.boot = random(BOOT_BYTES)
        self.n = 0
        self.segment = 0
        self.chain = NO_CHAIN
        self._drawn = b""  # random bytes that are not used yet; a fork must not share them
        self._names: list[str] = []  # ids of the records from `_named` on, segment and index
        self._named = (0, 0)

    def salt(self, random: Callable[[int], bytes]) -> bytes:
        """Fresh random bytes for one record, drawn for many at a time."""
        if len(self._drawn) < SALT_BYTES:
            self._drawn = random(SALT_BYTES * DRAWN)
        salt, self._drawn = self._drawn[:SALT_BYTES], self._drawn[SALT_BYTES:]
        return salt

    def name(self, segment: int, index: int) -> str:
        """The id of the one decision of a record, made for many at a time."""
        at = index - self._named[1]
        if segment != self._named[0] or not 0 <= at < len(self._names):
            count = min(DRAWN, MAX_RECORDS - index)
            self._names = self.ids.make_next(self.boot, segment=segment, index=index, records=count)
            self._named, at = (segment, index), 0
        return self._names[at]

    def forget(self, random: Callable[[int], bytes]) -> None:
        """In a forked child: the parent goes on with its files."""
        self.lock, self.sealing = threading.Lock(), threading.Lock()
        for each in (*self.waiting, *([self.current] if self.current else [])):
            each.close()
        self.waiting, self.current = [], None
        self.sealed = self.failed = 0
        self.begin(random)


class SegmentLedger:
    """Implements `Ledger`. Safe to share between threads; a forked child begins a boot of its own."""

    def __init__(
        self,
        folder: Path,
        *,
        keys: ProcessKeys,
        ids: Callable[[bool], DecisionIds],
        reader: LedgerReader,
        random: Callable[[int], bytes],
        seal_s: float = SEAL_S,
    ) -> None:
        self.folder = folder
        self._keys = keys
        self.reader = reader
        self._random = random
        self._seal_s = seal_s
        self._started = False
        self._starting = threading.Lock()
        self._wake = threading.Event()
        self._stopping = False
        self._sides: Mapping[bool, _Side] = {side: _Side(side, ids(side), random) for side in (True, False)}
        _all.add(self)

    def __repr__(self) -> str:
        return "SegmentLedger()"

    def keep(self, draft: BatchDraft) -> Kept:
        """As in `Ledger`."""
        if not self._started:
            self._start()
        rows = len(draft.places)
        if not 0 < rows <= MAX_ROWS:
            raise LedgerError(f"a record of {rows} decisions, at most {MAX_ROWS}")
        side = self._sides[draft.livemode]
        with side.lock:
            segment = self._writable(side, draft.at)
            salt = side.salt(self._random)
            names = side.ids.make(
                side.boot, segment=segment.header.segment, index=len(segment.digests), rows=rows
            )
            body = batch_bytes(draft, n=side.n, decision_ids=names, salt=salt)
            digest = segment.append(body, at_s=draft.issued_s)
            side.n += 1
            side.chain = segment.chain
        if self._stopping:
            self.seal(draft.livemode)
        return Kept(decision_ids=names, record_sha256=digest.hex())

    def keep_one(self, single: Single, *, livemode: bool, at: datetime) -> tuple[str, str]:
        """As in `Ledger`."""
        if not self._started:
            self._start()
        side = self._sides[livemode]
        with side.lock:
            segment = self._writable(side, at)
            name = side.name(segment.header.segment, len(segment.digests))
            body = single_bytes(single, n=side.n, decision_id=name, salt=side.salt(self._random))
            digest = segment.append(body, at_s=single.issued_s)
            side.n += 1
            side.chain = segment.chain
        if self._stopping:
            self.seal(livemode)
        return name, digest.hex()

    def find(self, decision: str, *, organization: str, livemode: bool) -> FoundDecision:
        """As in `Ledger`. What this very process has not sealed yet, it seals now."""
        name = self.reader.name(decision, livemode=livemode)
        if name is not None and self._is_ours(name, livemode):
            self.seal(livemode)
        return self.reader.find(decision, organization=organization, livemode=livemode)

    def seal(self, livemode: bool) -> int:
        """Seal what was written up to now; how many segments are not sealed after it."""
        side = self._sides[livemode]
        with side.sealing:
            with side.lock:
                if side.current is not None and side.current.digests:
                    self._retire(side)
                waiting = list(side.waiting)
            for segment in waiting:
                try:
                    self._seal_one(segment)
                except LedgerError:
                    side.failed += 1
                    _logger.exception("a segment waits to be sealed; it is tried again")
                    break
                except Exception:
                    side.failed += 1
                    raise
                side.sealed += 1
                with side.lock:
                    side.waiting.remove(segment)
            return len(side.waiting)

    def figures(self) -> Iterator[tuple[Family, Labels, float]]:
        """How many attempts to seal a segment came off, and how many did not."""
        yield SEALS, ("sealed",), sum(side.sealed for side in self._sides.values())
        yield SEALS, ("failed",), sum(side.failed for side in self._sides.values())

    def stop(self) -> None:
        """End the thread and seal what there is; what is kept after it, by requests that are still answered, is
        sealed before its answer leaves."""
        self._stopping = True
        self._wake.set()
        for livemode in self._sides:
            self.seal(livemode)

    def _writable(self, side: _Side, at: datetime) -> OpenSegment:
        current = side.current
        if current is not None and (
            current.broken or current.size >= MAX_BYTES or len(current.digests) >= MAX_RECORDS
        ):
            self._retire(side)
            self._wake.set()  # to be sealed now, not in a second
            current = None
        if side.waiting and (len(side.waiting) > MAX_WAITING or side.waiting[0].failed):
            raise LedgerError("segments wait to be sealed, and cannot be")
        if current is None:
            if side.segment >= MAX_SEGMENTS:
                side.begin(self._random)
            current = side.current = OpenSegment(
                self.folder,
                Header(
                    livemode=side.livemode,
                    node=self._keys.signer(side.livemode, at=at).node,
                    boot=boot_name(side.boot),
                    segment=side.segment,
                    first=side.n,
                    previous=side.chain,
                ),
            )
            side.segment += 1
        return current

    @staticmethod
    def _retire(side: _Side) -> None:
        """The current segment takes no more records."""
        assert side.current is not None
        if side.current.digests:
            side.waiting.append(side.current)
        else:
            side.current.discard()
            side.segment -= 1  # nothing stands under its number, and numbers have no gap
        side.current = None

    def _seal_one(self, segment: OpenSegment) -> None:
        livemode = segment.header.livemode
        # Not before any record's instant, which the certificate of this process covers as well.
        at = parse_numeric_date(segment.last_at_s)
        signer = self._keys.signer(livemode, at=at)
        root = root_of(segment, issuer=signer.issuer, sealer=signer.node, sealed_at=at)
        segment.seal(root, signer)

    def _is_ours(self, name: RecordName, livemode: bool) -> bool:
        return name.boot == boot_name(self._sides[livemode].boot)

    def _start(self) -> None:
        with self._starting:
            if self._started:
                return
            self._stopping = False
            threading.Thread(target=self._run, name="ledger", daemon=True).start()
            self._started = True

    def _run(self) -> None:
        while not self._stopping:
            self._wake.wait(self._seal_s)
            self._wake.clear()
            for livemode in self._sides:
                try:
                    self.seal(livemode)
                except Exception:  # one bad second must not end all sealing
                    _logger.exception("sealing failed; it comes round again")

    def _after_fork(self) -> None:
        self._starting, self._wake = threading.Lock(), threading.Event()
        self._started = False
        for side in self._sides.values():
            side.forget(self._random)


def _forget_all() -> None:
    for each in list(_all):
        each._after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
