"""What a committed write leaves behind, and the wait before anybody is told about a denial."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from consent.log.enforcement import await_seen, seen_enforced, wait_enforced
from consent.log.heads import chain_at
from consent.log.models import Enforcement, Event
from consent.log.position import Position
from consent.log.transaction import HistoryTransaction
from consent.registry.errors import NotFound, StateConflict
from consent.registry.models import Acknowledgement as AcknowledgementRow
from consent.registry.ports import RegistryPorts
from signing.acknowledgement import Acknowledgement, sign_acknowledgement

ENDINGS = ("rescission", "revocation")  # the kinds that are acknowledged


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One event in history. `committed` is the position token that a check may name in `at_least`.

    `denies`: the event can make an answer a deny, so that it is waited for (DESIGN §8).
    `committed_at_boot` is the boot clock after COMMIT, or None where another call wrote it.
    """

    event_id: str
    livemode: bool
    seq: int
    committed: str
    denies: bool
    committed_at_boot: float | None


def written(tx: HistoryTransaction, event_id: str, *, denies: bool, ports: RegistryPorts) -> Written:
    """Describe `event_id` of a history transaction that has committed."""
    position = tx.positions[event_id]
    return Written(
        event_id=event_id,
        livemode=position.livemode,
        seq=position.seq,
        committed=ports.log.tokens.encode(position),
        denies=denies,
        committed_at_boot=tx.committed_at_boot,
    )


def seen(event_id: str, *, ports: RegistryPorts) -> Written:
    """Describe an event that was committed before; for repeated answers."""
    denies = Enforcement.objects.filter(event_id=event_id).exists()
    row = Event.objects.filter(event_id=event_id).values("livemode", "seq").first()
    chain = None if row is None else chain_at(row["livemode"], row["seq"])
    if row is None or chain is None:
        raise NotFound("no such event in this history")
    position = Position(livemode=row["livemode"], seq=row["seq"], chain=chain)
    return Written(
        event_id=event_id,
        livemode=position.livemode,
        seq=position.seq,
        committed=ports.log.tokens.encode(position),
        denies=denies,
        committed_at_boot=None,
    )


def enforced(written_: Written, ports: RegistryPorts) -> datetime | None:
    """Wait until every node must know the denial; when that was recorded, or None if nothing is denied.

    A denial that this call did not commit itself is waited for from now on, when it saw the row.
    """
    if not written_.denies:
        return None
    if written_.committed_at_boot is None:
        return await_seen(written_.event_id, ports=ports.log)
    return wait_enforced(written_.event_id, committed_at_boot=written_.committed_at_boot, ports=ports.log)


def enforced_by_now(written_: Written, ports: RegistryPorts) -> datetime | None:
    """As `enforced`, without the wait: None also for a denial that is not enforced yet."""
    return seen_enforced(written_.event_id, ports=ports.log) if written_.denies else None


@contextmanager
def told_when_enforced(ports: RegistryPorts) -> Iterator[None]:
    """Let "already ended" and "already paused" out only when that is enforced (DESIGN §8: never at once).

    The end of a term that ran out denies nothing that was not denied by then, so nothing is waited for.
    """
    try:
        yield
    except StateConflict as exc:
        if exc.event is not None:
            enforced(seen(exc.event, ports=ports), ports)
        raise


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementResult:
    """A statement that is committed, but of which nobody may be told before `answer_enforced`.

    `state` is the grant's state as a licensee reads it, or "current" where the statement is not about a
    grant. `repeated`: these bytes were accepted before. `active_from`: when a grant that waits will be
    active at the earliest, if that is known.
    """

    id: str
    kind: str
    livemode: bool
    grant: str | None
    grant_sha256: str | None
    body_sha256: str
    state: str
    repeated: bool
    written: Written
    active_from: datetime | None = None

    @property
    def event_id(self) -> str:
        """The event that records it."""
        return self.written.event_id


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementAnswer:
    """What the performer is told: `enforced_at` for whatever denies, with a signed acknowledgement.

    `waiting`: it denies, and is not enforced yet; then there is neither.
    """

    id: str
    kind: str
    livemode: bool
    grant: str | None
    state: str
    committed: str
    enforced_at: datetime | None
    acknowledgement: str | None
    active_from: datetime | None
    repeated: bool
    waiting: bool


def answer_committed(result: StatementResult, ports: RegistryPorts) -> StatementAnswer:
    """Say what is committed, without a wait: a denial that is not enforced yet is said to be so.

    The relay ends the wait; `answer_enforced` of the same statement tells when.
    """
    if result.written.denies and enforced_by_now(result.written, ports) is None:
        return _answer(result, enforced_at=None, acknowledgement=None)
    return answer_enforced(result, ports)


def answer_enforced(result: StatementResult, ports: RegistryPorts) -> StatementAnswer:
    """Wait out a denial, then say what is true: the only way from a committed statement to an answer.

    An ending is acknowledged under the registry's signature; the acknowledgement is kept, so that the
    same statement again gets the same bytes.
    """
    enforced_at = enforced(result.written, ports)
    acknowledgement = None
    if result.kind in ENDINGS and result.grant is not None and enforced_at is not None:
        acknowledgement = _acknowledge(result, result.grant, enforced_at, ports)
    return _answer(result, enforced_at=enforced_at, acknowledgement=acknowledgement)


def _answer(
    result: StatementResult, *, enforced_at: datetime | None, acknowledgement: str | None
) -> StatementAnswer:
    return StatementAnswer(
        id=result.id,
        kind=result.kind,
        livemode=result.livemode,
        grant=result.grant,
        state=result.state,
        committed=result.written.committed,
        enforced_at=enforced_at,
        acknowledgement=acknowledgement,
        active_from=result.active_from,
        repeated=result.repeated,
        waiting=result.written.denies and enforced_at is None,
    )


def _acknowledge(result: StatementResult, grant: str, enforced_at: datetime, ports: RegistryPorts) -> str:
    """The kept acknowledgement of this ending, made by whoever comes first."""
    kept = AcknowledgementRow.objects.filter(event=result.event_id).values_list("jws", flat=True).first()
    if kept is not None:
        return kept
    signers = ports.signers[result.livemode]
    jws = sign_acknowledgement(
        Acknowledgement(
            issuer=signers.issuer,
            livemode=result.livemode,
            statement=result.id,
            grant=grant,
            body_sha256=result.body_sha256,
            committed=result.written.committed,
            enforced_at=enforced_at,
        ),
        signer=signers.registry,
    )
    row, _ = AcknowledgementRow.objects.get_or_create(event=result.event_id, defaults={"jws": jws})
    return str(row.jws)
