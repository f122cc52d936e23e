"""Segments whose writer died: their whole records count, and whoever comes next seals them, saying so."""

import logging
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from consent.check.ledger.counting import counted
from consent.check.ledger.errors import LedgerError, SegmentBrokenError
from consent.check.ledger.folder import SegmentName, segments, side_name, try_lock
from consent.check.ledger.segment_file import Scanned, merkle_root, scan, trailer_frame
from consent.check.process_keys import ProcessKeys
from consent.log.durable_file import replace, sync_directory
from signing.ledger_root import LedgerRoot

_logger = logging.getLogger(__name__)


def recover(folder: Path, *, keys: ProcessKeys, clock: Callable[[], datetime]) -> int:
    """Seal every segment that nobody writes any more; how many. Safe to run anywhere, twice, at once.

    Raises:
        LedgerError: a file cannot be read or written. What was done stays done.
    """
    done = 0
    try:
        for name in list(segments(folder, "open")):
            done += _recover_one(folder, name, keys, clock)
        for livemode in (True, False):
            for path in (folder / side_name(livemode)).glob(".new-*"):
                _remove_dead(path)
    except OSError as exc:
        raise LedgerError(f"a segment of the ledger cannot be recovered: {exc.strerror}") from exc
    return done


def _recover_one(folder: Path, name: SegmentName, keys: ProcessKeys, clock: Callable[[], datetime]) -> int:
    path = name.path(folder, "open")
    descriptor = _lock_dead(path)
    if descriptor is None:
        return 0
    try:
        if any(name.path(folder, state).exists() for state in ("sealed", "shipped")):
            path.unlink()  # killed between writing the sealed file and removing this one
            return 0
        data = path.read_bytes()
        try:
            found = scan(data)
        except SegmentBrokenError:
            _logger.exception("%s is no segment; it is set aside", path.name)
            path.rename(path.with_suffix(".broken"))
            return 0
        if not found.records:
            path.unlink()
            return 0
        if found.root is None:
            sealed = data[: found.records_end] + _trailer(found, len(data), keys, clock(), data)
        else:
            sealed = data[: found.whole]  # killed after the trailer was written
        # Crash after this line: both files are there, and the next to come removes the open one.
        replace(name.path(folder, "sealed"), sealed)
        path.unlink()
        sync_directory(path.parent)
    finally:
        os.close(descriptor)
    return 1


def _trailer(found: Scanned, length: int, keys: ProcessKeys, now: datetime, data: bytes) -> bytes:
    header = found.header
    signer = keys.signer(header.livemode, at=now)
    dropped = length - found.records_end
    if dropped:
        _logger.warning("segment %s-%d: %d bytes after its last whole record are dropped",
                        header.boot, header.segment, dropped)  # fmt: skip
    root = LedgerRoot(
        issuer=signer.issuer,
        livemode=header.livemode,
        sealer=signer.node,
        sealed_at=max(now.replace(microsecond=0), _youngest(found, data)),
        node=header.node,
        boot=header.boot,
        segment=header.segment,
        first=header.first,
        count=len(found.records),
        root=merkle_root(found.digests),
        previous=header.previous.hex(),
        chain=found.chain.hex(),
        dropped=dropped,
    )
    return trailer_frame(signer.sign_root(root), found.chain)


def _youngest(found: Scanned, data: bytes) -> datetime:
    """The latest instant of the records; no root may be older."""
    return max(counted(data[place]).issued_at for place in found.records)


def _lock_dead(path: Path) -> int | None:
    """The locked file if its writer is dead and it is still there."""
    try:
        descriptor = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        return None
    try:
        if try_lock(descriptor) and path.exists() and os.path.samestat(os.fstat(descriptor), path.stat()):
            return descriptor
    except FileNotFoundError:
        pass  # sealed by its living writer just now
    os.close(descriptor)
    return None


def _remove_dead(path: Path) -> None:
    """Remove what a dead process had only begun."""
    descriptor = _lock_dead(path)
    if descriptor is not None:
        path.unlink(missing_ok=True)
        os.close(descriptor)
