"""The guard against a database that was rolled back (DESIGN §7, last lines).

The highest acknowledged position of each side is kept in the object store, and written there before
an answer acknowledges. It stands in the *name* of an empty object, authenticated: so nothing is ever
overwritten, one listing reads everything, the highest name counts, writers in other processes cannot
be lowered, and a process may remove what it wrote before once something higher is durable.
"""

import hashlib
import hmac
import logging
import re
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from consent.log.errors import GuardUnavailableError, RolledBackError, StoreError
from consent.log.objects import ObjectStore
from consent.log.position import Head, Position

REFRESH_S = 1.0  # how old this process's knowledge of what others acknowledged normally gets
MAX_AGE_S = 10.0  # how old it may get while the store fails; then no answer
_KEPT_NAMES = 2  # of one process: whoever lists a folder while it changes finds one of them
_NAME = re.compile(
    r"(?P<signed>guard/(?P<side>live|test)/(?P<seq>[0-9]{20})-(?P<chain>[0-9a-f]{64})-(?P<database>[0-9a-z]+)"
    r"-[0-9a-z]+)-(?P<mac>[0-9a-f]{32})"
)
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """What the database must not be below: a position once acknowledged, and the database it was in."""

    position: Position
    database_id: str


class RollbackGuard:
    """Knows, of both sides, the highest position that was acknowledged or seen; for many threads.

    A reader calls `floor` *before* its snapshot is taken and `check` with the head it found in it;
    the other way round, an acknowledgement in between would look like a rollback.
    """

    def __init__(
        self,
        *,
        objects: ObjectStore,
        key: bytes,
        process: str,
        clock: Callable[[], float],
        chain_at: Callable[[bool, int], bytes | None],
    ) -> None:
        """`process` is unique, of 0–9 and a–z; `clock` counts seconds; `chain_at` reads the caller's snapshot."""
        self._objects = objects
        self._key = key
        self._clock = clock
        self._chain_at = chain_at
        self._sides = {
            side: _Side(name="live" if side else "test", process=process) for side in (True, False)
        }

    def floor(self, livemode: bool) -> Floor | None:
        """What a snapshot taken from now on must have reached; None before the first acknowledgement.

        Raises:
            GuardUnavailableError: what others acknowledged is not known recently enough.
        """
        side = self._sides[livemode]
        age = self._clock() - side.read_at
        if age < REFRESH_S:
            return side.floor()
        # One thread reads; the others go on with what is known, unless it is too old for that.
        if side.reading.acquire(blocking=age >= MAX_AGE_S):
            try:
                if self._clock() - side.read_at >= REFRESH_S:
                    self.refresh(livemode)
            except GuardUnavailableError:
                if age >= MAX_AGE_S:
                    raise
                _logger.warning("rollback guard could not be read; known for %.1f s", age)
            finally:
                side.reading.release()
        return side.floor()

    def known(self, livemode: bool) -> Floor | None:
        """The highest position that this process saw or wrote itself, without asking anybody."""
        return self._sides[livemode].floor()

    def refresh(self, livemode: bool) -> Floor | None:
        """Read the highest stored position of one side now."""
        side = self._sides[livemode]
        started = self._clock()
        try:
            names = list(self._objects.keys(f"guard/{side.name}/"))
        except StoreError as exc:
            raise GuardUnavailableError(f"rollback guard cannot be read: {exc}") from exc
        if names:
            # The seq is zero-padded, so that the order of the names is the order of the seqs.
            side.learn(self._parse(names[-1]))
        side.read_at = started
        return side.floor()

    def check(
        self,
        head: Head,
        floor: Floor | None,
        *,
        chain_at: Callable[[bool, int], bytes | None] | None = None,
    ) -> None:
        """Refuse a head below or beside `floor`, which was taken before the head's snapshot.

        `chain_at` stands for the guard's own where the snapshot was asked already.

        Raises:
            RolledBackError: the database lost, or replaced, what was acknowledged.
        """
        side = self._sides[head.livemode]
        if floor is not None:
            _require(
                head.database_id == floor.database_id, "this is another database than the acknowledged one"
            )
            _require(head.seq >= floor.position.seq, "the database is below what was acknowledged")
            at_floor = head.chain
            if head.seq != floor.position.seq:
                at_floor = (chain_at or self._chain_at)(head.livemode, floor.position.seq) or b""
            _require(at_floor == floor.position.chain, "the database is beside what was acknowledged")
        side.see(Floor(position=head.position, database_id=head.database_id))

    def acknowledge(self, position: Position, *, database_id: str) -> None:
        """Make `position` durable in the store before anybody is told of it; threads share one write.

        Raises:
            GuardUnavailableError: it could not be written: the caller must not acknowledge.
        """
        side = self._sides[position.livemode]
        wanted = Floor(position=position, database_id=database_id)
        side.see(wanted)
        while (leading := side.lead_or_wait(wanted)) is not None:
            name = self._format(leading)
            try:
                # Only this process writes this name, and always nothing into it: nothing to compare.
                self._objects.put(name, b"", immutable=False)
            except StoreError as exc:
                side.step_down(None, None)
                raise GuardUnavailableError(f"rollback guard cannot be written: {exc}") from exc
            except BaseException:
                side.step_down(None, None)
                raise
            self._forget(side.step_down(leading, name))

    def tidy(self, livemode: bool) -> None:
        """Remove every name below the highest: what processes that have ended left behind."""
        try:
            names = list(self._objects.keys(f"guard/{self._sides[livemode].name}/"))
        except StoreError:
            return
        for name in names[:-1]:
            self._forget(name)

    def begin_again(self, position: Position, *, database_id: str) -> None:
        """Stand at `position` whatever was acknowledged above it: only where a loss was declared (`new_history`).

        Raises:
            GuardUnavailableError: the store failed; the side still stands where it stood.
        """
        side = self._sides[position.livemode]
        began = Floor(position=position, database_id=database_id)
        name = self._format(began)
        try:
            self._objects.put(name, b"", immutable=False)
            # Crash after this line: the old, higher names still count, and the loss is declared once more.
            for other in list(self._objects.keys(f"guard/{side.name}/")):
                if other != name:
                    self._objects.delete(other)
        except StoreError as exc:
            raise GuardUnavailableError(f"rollback guard cannot begin again: {exc}") from exc
        side.begin_again(began, name)

    def _forget(self, name: str | None) -> None:
        """Remove a name that is no longer the highest; what stays behind does no harm."""
        if name is None:
            return
        try:
            self._objects.delete(name)
        except StoreError:
            _logger.warning("an outdated rollback guard object could not be removed")

    def _format(self, floor: Floor) -> str:
        """The object name: side, seq, chain, database, process, and 128 bits of HMAC-SHA-256 over these."""
        position, side = floor.position, self._sides[floor.position.livemode]
        signed = (
            f"guard/{side.name}/{position.seq:020d}-{position.chain.hex()}-{floor.database_id}-{side.process}"
        )
        return f"{signed}-{self._mac(signed)}"

    def _parse(self, name: str) -> Floor:
        """The authenticated floor in an object name; anything else in the guard's folder is a refusal."""
        match = _NAME.fullmatch(name)
        if match is None or not hmac.compare_digest(self._mac(match["signed"]), match["mac"]):
            raise GuardUnavailableError(f"rollback guard object {name} is not authentic")
        position = Position(
            livemode=match["side"] == "live", seq=int(match["seq"]), chain=bytes.fromhex(match["chain"])
        )
        return Floor(position=position, database_id=match["database"])

    def _mac(self, signed: str) -> str:
        return hmac.digest(self._key, signed.encode(), hashlib.sha256).hex()[:32]


class _Side:
    """The state of one side in this process; every method is atomic for threads."""

    def __init__(self, *, name: str, process: str) -> None:
        self.name = name
        self.process = process
        self.read_at = float("-inf")
        self.reading = threading.Lock()
        self._changed = threading.Condition()
        self._known: Floor | None = None
        self._durable_seq = -1
        self._wanted: Floor | None = None
        self._writing = False
        self._names: deque[str] = deque()

    def floor(self) -> Floor | None:
        """The highest position known to this process."""
        return self._known  # one step, and it only rises

    def learn(self, floor: Floor) -> None:
        """A position read from the store: acknowledged by somebody, and durable."""
        with self._changed:
            self._durable_seq = max(self._durable_seq, floor.position.seq)
            self._raise_to(floor)

    def see(self, floor: Floor) -> None:
        """A position that this process read in, or wrote to, the database itself."""
        with self._changed:
            self._raise_to(floor)

    def lead_or_wait(self, wanted: Floor) -> Floor | None:
        """None once `wanted` is durable; otherwise what this thread has to write for everybody waiting."""
        with self._changed:
            if self._wanted is None or wanted.position.seq > self._wanted.position.seq:
                self._wanted = wanted
            while True:
                if self._durable_seq >= wanted.position.seq:
                    return None
                if not self._writing:
                    self._writing = True
                    return self._wanted
                self._changed.wait()

    def step_down(self, written: Floor | None, name: str | None) -> str | None:
        """End this thread's turn, with what it made durable; returns the name that is now outdated."""
        with self._changed:
            outdated = None
            if written is not None and name is not None:
                self._durable_seq = max(self._durable_seq, written.position.seq)
                self._names.append(name)
                outdated = self._names.popleft() if len(self._names) > _KEPT_NAMES else None
            self._writing = False
            self._changed.notify_all()
            return outdated

    def begin_again(self, floor: Floor, name: str) -> None:
        """Forget what was higher."""
        with self._changed:
            self._known = self._wanted = floor
            self._durable_seq = floor.position.seq
            self._names = deque([name])

    def _raise_to(self, floor: Floor) -> None:
        if self._known is None or floor.position.seq > self._known.position.seq:
            self._known = floor


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise RolledBackError(message)
