"""A segment that is being written, by one process. Its owner holds a lock around every call."""

import contextlib
import errno
import os
import secrets
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from consent.check.ledger.errors import LedgerError
from consent.check.ledger.folder import SegmentName, try_lock
from consent.check.ledger.segment_file import (
    Header,
    begin,
    merkle_root,
    next_chain,
    record_frame,
    trailer_frame,
)
from consent.log.durable_file import replace, sync_directory
from signing.ledger_record import MAX_RECORD_BYTES
from signing.ledger_root import LedgerRoot
from signing.receipt import ReceiptSigner

_RENAMES_OPEN = os.name == "posix"  # elsewhere a file must be closed to be renamed or removed
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | getattr(os, "O_BINARY", 0)


class OpenSegment:
    """A file that takes records until it is sealed.

    `broken` when a write failed so that nothing may follow: what was whole before still counts. `failed` when it
    could not be sealed as yet.
    """

    def __init__(self, folder: Path, header: Header) -> None:
        self.header = header
        self.digests: list[bytes] = []
        self.last_at_s = 0  # the youngest record's instant
        self.broken = self.failed = False
        self._name = SegmentName(livemode=header.livemode, boot=header.boot, segment=header.segment)
        self._folder = folder
        self._descriptor = -1
        beginning, self.chain = begin(header)
        self.size = len(beginning)
        named = self._name.path(folder, "open")
        # Whoever finds an `open` file finds it locked and with a header: it gets its name last.
        self._path = named.with_name(f".new-{secrets.token_hex(8)}") if _RENAMES_OPEN else named
        try:
            named.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._descriptor = os.open(self._path, _FLAGS, 0o600)
            if not try_lock(self._descriptor):
                raise LedgerError("a new segment of the ledger is locked")
            _write(self._descriptor, beginning)
            if self._path != named:
                self._path = self._path.rename(named)
        except OSError as exc:
            self.discard()
            raise LedgerError(f"the ledger cannot begin a segment: {exc.strerror}") from exc

    def append(self, body: bytes, *, at_s: int) -> bytes:
        """Write a record; its SHA-256. When this returns, a kill does not lose it.

        Raises:
            LedgerError: it was not written, and nothing of it counts.
        """
        if len(body) > MAX_RECORD_BYTES:
            # No reader takes it for whole, nor anything that stands behind it.
            raise LedgerError(f"a record of {len(body)} bytes, at most {MAX_RECORD_BYTES}")
        digest = sha256(body).digest()
        frame = record_frame(body, self.chain)
        try:
            done = os.write(self._descriptor, frame)
            if done < len(frame):
                _write(self._descriptor, frame[done:])
        except OSError as exc:
            self._undo()
            raise LedgerError(f"a decision cannot be kept: {exc.strerror}") from exc
        self.size += len(frame)
        self.chain = next_chain(self.chain, digest)
        self.digests.append(digest)
        self.last_at_s = max(self.last_at_s, at_s)
        return digest

    def seal(self, root: LedgerRoot, signer: ReceiptSigner) -> None:
        """Sign what is there, and have all of it on disk. After a failure it may be tried again.

        Raises:
            LedgerError: it is not sealed.
        """
        trailer = trailer_frame(signer.sign_root(root), self.chain)
        sealed = self._name.path(self._folder, "sealed")
        try:
            if self.failed or self.broken:
                # What failed before may be half on disk, and a second fsync would not say so: written anew.
                if not self._path.exists():
                    self._path = sealed  # the rename was done and said that it failed
                whole = self._path.read_bytes()[: self.size]
                if len(whole) != self.size:
                    raise OSError(errno.EIO, "it is shorter than what was written")
                replace(sealed, whole + trailer)
                if self._path != sealed:
                    self.discard()
            else:
                _write(self._descriptor, trailer)
                os.fsync(self._descriptor)
                if not _RENAMES_OPEN:
                    self.close()
                self._path = self._path.rename(sealed)
            sync_directory(sealed.parent)
        except OSError as exc:
            self.failed = True
            raise LedgerError(f"a segment of the ledger cannot be sealed: {exc.strerror}") from exc
        self.close()

    def discard(self) -> None:
        """Remove the file; for one that has no records, or has them elsewhere."""
        if not _RENAMES_OPEN:
            self.close()
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)
        self.close()

    def close(self) -> None:
        """Give up file and lock. What is not sealed is found by whoever recovers."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _undo(self) -> None:
        """Cut off what a failed write left; a segment that cannot be cut takes no more records."""
        try:
            os.ftruncate(self._descriptor, self.size)
        except OSError:
            self.broken = True


def root_of(segment: OpenSegment, *, issuer: str, sealer: str, sealed_at: datetime) -> LedgerRoot:
    """What is to be signed of a segment."""
    header = segment.header
    return LedgerRoot(
        issuer=issuer,
        livemode=header.livemode,
        sealer=sealer,
        sealed_at=sealed_at,
        node=header.node,
        boot=header.boot,
        segment=header.segment,
        first=header.first,
        count=len(segment.digests),
        root=merkle_root(segment.digests),
        previous=header.previous.hex(),
        chain=segment.chain.hex(),
        dropped=0,
    )


def _write(descriptor: int, data: bytes) -> None:
    """Write all of it; OSError with part of it written when the disk is full."""
    done = os.write(descriptor, data)
    while done < len(data):
        done += os.write(descriptor, data[done:])
