"""The local copy in one file, so that a restart continues where it was instead of reading everything again.

A file never makes anything fresh: only an answer of the registry does. It is sealed with a key that only whoever has
the API key can make, over every byte, so that one that is cut, altered, of another key, another registry or another
version is found out and read anew from the registry. An older one of our own costs the changes since, and nothing else.
"""

import hashlib
import hmac
import os
import secrets
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, NamedTuple

import msgspec

from consent.client.api_key import ApiKey
from consent.client.files import PRIVATE_MODE
from consent.client.local.follower import Follower
from consent.client.local.memory import Cursor, Memory
from consent.client.local.packages import Packages
from consent.client.local.pairs import PairName, instant, unpack
from consent.client.local.picture import CallerFacts, Picture
from consent.core.complete import StandingContext
from consent.core.wire.errors import WireError

MAGIC = b"consent-registry/local-copy/v1\n"
MAC_BYTES = hashlib.sha256().digest_size
MAX_RECORD_BYTES = 16 << 20
SAVE_EVERY_S = 60.0
SAVE_SHARE = 100  # of the time is not spent on writing: a large copy is written less often
_PURPOSE = b"consent-registry/local-copy/v1\x00"
_CHUNK_BYTES = 1 << 20
_LENGTH_BYTES = 4


class _Head(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What stands before the pairs."""

    organization: str
    key: str
    scopes: list[str]
    context: dict[str, str]
    capabilities: list[str]
    expires_at: int | None
    counter: int
    after: str
    history: str
    as_of_ms: int
    seen: dict[str, int]
    terms: int
    pairs: int
    proofs: int = 0
    trust_sha256: str = ""


class _Kept(NamedTuple):
    """One pair with its name."""

    name: PairName
    packed: bytes


class _Proof(NamedTuple):
    """What was proven of one grant (`packages.py`)."""

    grant: str
    digest: bytes


class BrokenFileError(Exception):
    """The file is not one that this key wrote for this registry, or not all of it."""


class LocalFile:
    """One path for one registry and one key. Whoever holds its lock writes it; others only read it at their start.

    With `packages` only grants that they prove count, of what is read here too, and their proofs are kept with it.
    """

    def __init__(self, path: Path, *, address: str, key: ApiKey, packages: Packages | None = None) -> None:
        self.path = path
        self._packages = packages
        self._livemode = key.livemode
        side = b"live" if key.livemode else b"test"
        self._mac_key = key.derived(_PURPOSE + side + b"\x00" + address.encode())
        self._lock: int | None = None
        self._saved_changes = -1
        self._next_save = 0.0
        self.problem: str | None = None

    def __repr__(self) -> str:
        return f"LocalFile({str(self.path)!r})"

    def load(self, memory: Memory, follower: Follower) -> None:
        """Take up what was kept, to be followed on from there; nothing of it is fresh. A broken file is left out."""
        try:
            picture, cursor, seen, proofs = self._read()
        except FileNotFoundError:
            return
        except (BrokenFileError, OSError, ValueError) as exc:
            self.problem = f"{self.path} is not used, and everything is read anew: {exc}"
            return
        if self._packages is not None:
            self._packages.take_up(proofs)
            for name, data in picture.packed():
                self._packages.told(name, [grant.grant for grant in unpack(data).grants])
        with memory.lock:
            memory.picture, memory.cursor = picture, cursor
            self._saved_changes = memory.changes
        follower.seen.update(seen)
        follower.expect(picture.caller.organization)

    def save(self, memory: Memory, follower: Follower, *, always: bool = False) -> None:
        """Write what is new, now and then; `always` at the end. Only the process that has the lock writes."""
        now = time.monotonic()
        if not always and now < self._next_save:
            return
        self._next_save = now + SAVE_EVERY_S
        with memory.lock:
            picture, cursor, changes = memory.picture, memory.cursor, memory.changes
            # Without a fresh answer in this process there is nothing that the file does not say already.
            if picture is None or cursor is None or memory.fresh is None or changes == self._saved_changes:
                return
            pairs = list(picture.packed())
            terms = list(picture.table.documents)
            caller = picture.caller
        proofs = {} if self._packages is None else self._packages.proofs
        if not self._is_writer():
            return
        began = time.monotonic()
        try:
            head = _head(caller, cursor, follower.seen, len(terms), len(pairs))
            if self._packages is not None:
                head.proofs, head.trust_sha256 = len(proofs), self._packages.trust_sha256
            self._write(head, terms, pairs, proofs)
        except OSError as exc:
            self.problem = f"{self.path} cannot be written: {exc.strerror}"
            return
        self.problem = None
        self._saved_changes = changes
        self._next_save = time.monotonic() + max(SAVE_EVERY_S, (time.monotonic() - began) * SAVE_SHARE)

    def release(self) -> None:
        """Let another process write."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def forked(self) -> None:
        """In a forked child: the parent goes on writing."""
        self.release()
        self._next_save = 0.0

    def _is_writer(self) -> bool:
        """Whether this process has the lock, or could take it now."""
        if self._lock is not None:
            return True
        import fcntl  # noqa: PLC0415  # not everywhere; where it is not, local mode has refused before

        beside = self.path.with_name(f".{self.path.name}.lock")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_MODE)
        except OSError as exc:
            self.problem = f"{self.path} cannot be written: {exc.strerror}"
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return False
        self._lock = descriptor
        return True

    def _write(
        self,
        head: _Head,
        terms: list[bytes],
        pairs: list[tuple[PairName, bytes]],
        proofs: Mapping[str, bytes],
    ) -> None:
        """Beside, synced, then into place: a crash leaves the old file or the new one, never a half."""
        partial = self.path.with_name(f".{self.path.name}.{secrets.token_hex(4)}.partial")
        mac = hmac.new(self._mac_key, digestmod=hashlib.sha256)
        try:
            descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE_MODE)
            with os.fdopen(descriptor, "wb", buffering=_CHUNK_BYTES) as file:
                for chunk in _chunks(head, terms, pairs, proofs):
                    mac.update(chunk)
                    file.write(chunk)
                file.write(mac.digest())
                file.flush()
                os.fsync(file.fileno())
            partial.replace(self.path)
        finally:
            partial.unlink(missing_ok=True)

    def _read(self) -> tuple[Picture, Cursor, dict[str, int], dict[str, bytes]]:
        """Everything, once all of it was held against its seal.

        Raises:
            FileNotFoundError: there is none yet.
            BrokenFileError, OSError: not a whole file of this key and registry.
        """
        with self.path.open("rb", buffering=_CHUNK_BYTES) as file:
            sealed = _Sealed(file, self._mac_key)
            try:
                read = self._parse(sealed)
            except (msgspec.MsgspecError, WireError, ValueError) as exc:
                raise BrokenFileError(f"it is cut, altered or of another version: {exc}") from exc
            sealed.check()  # nothing of what was read is used before this
            return read

    def _parse(self, records: "_Sealed") -> tuple[Picture, Cursor, dict[str, int], dict[str, bytes]]:
        head = msgspec.msgpack.decode(records.next(), type=_Head)
        picture = Picture(
            CallerFacts(
                organization=head.organization,
                livemode=self._livemode,
                key=head.key,
                scopes=frozenset(head.scopes),
                context=StandingContext.from_json(head.context),
                capabilities=frozenset(head.capabilities),
                expires_at=None if head.expires_at is None else instant(head.expires_at),
            ),
            accepts=None if self._packages is None else self._packages.accepts,
        )
        for _ in range(head.terms):
            picture.table.add(records.next())
        read = msgspec.msgpack.Decoder(_Kept)
        for _ in range(head.pairs):
            kept = read.decode(records.next())
            picture.put_packed(kept.name, kept.packed, unpack(kept.packed).names)
        cursor = Cursor(counter=head.counter, after=head.after, history=head.history, as_of_ms=head.as_of_ms)
        proof = msgspec.msgpack.Decoder(_Proof)
        proofs = dict(proof.decode(records.next()) for _ in range(head.proofs))
        if self._packages is None or head.trust_sha256 != self._packages.trust_sha256:
            proofs = {}  # proven to whom somebody else was trusted is not proven here
        return picture, cursor, head.seen, proofs


class _Sealed:
    """Records of a file, and at its end the seal over all that was read."""

    def __init__(self, file: BinaryIO, key: bytes) -> None:
        self._file = file
        self._mac = hmac.new(key, digestmod=hashlib.sha256)
        if self._take(len(MAGIC)) != MAGIC:
            raise BrokenFileError("it is no local copy of this version")

    def next(self) -> bytes:
        """The next record. Raises ValueError where there is none whole."""
        length = int.from_bytes(self._take(_LENGTH_BYTES), "big")
        if length > MAX_RECORD_BYTES:
            raise ValueError(f"a record of {length} bytes, at most {MAX_RECORD_BYTES}")
        return self._take(length)

    def check(self) -> None:
        """Raise BrokenFileError unless the seal holds and the file ends there."""
        if not hmac.compare_digest(self._file.read(MAC_BYTES + 1), self._mac.digest()):
            raise BrokenFileError("its seal does not hold: cut, altered, or of another key or registry")

    def _take(self, count: int) -> bytes:
        data = self._file.read(count)
        if len(data) != count:
            raise ValueError("it is cut off")
        self._mac.update(data)
        return data


def _chunks(
    head: _Head, terms: list[bytes], pairs: list[tuple[PairName, bytes]], proofs: Mapping[str, bytes]
) -> Iterator[bytes]:
    """The file before its seal."""
    yield MAGIC
    encoder = msgspec.msgpack.Encoder()
    yield _record(encoder.encode(head))
    for document in terms:
        yield _record(document)
    for name, packed in pairs:
        yield _record(encoder.encode(_Kept(name, packed)))
    for proof in proofs.items():
        yield _record(encoder.encode(_Proof(*proof)))


def _record(data: bytes) -> bytes:
    return len(data).to_bytes(_LENGTH_BYTES, "big") + data


def _head(caller: CallerFacts, cursor: Cursor, seen: dict[str, int], terms: int, pairs: int) -> _Head:
    return _Head(
        organization=caller.organization,
        key=caller.key,
        scopes=sorted(caller.scopes),
        context=caller.context.to_json(),
        capabilities=sorted(caller.capabilities),
        expires_at=None if caller.expires_at is None else int(caller.expires_at.timestamp()),
        counter=cursor.counter,
        after=cursor.after,
        history=cursor.history,
        as_of_ms=cursor.as_of_ms,
        seen=dict(seen),
        terms=terms,
        pairs=pairs,
    )
