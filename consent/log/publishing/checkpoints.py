"""From a committed root to the published checkpoint: sign, let witnesses cosign, put it where readers look."""

from consent.log.errors import ObjectChangedError, OvertakenError, QuorumMissedError
from consent.log.publishing.ports import PublishingPorts
from consent.log.publishing.reconciling import require_below
from consent.log.publishing.standing import CHECKPOINT, read_standing
from consent.log.publishing.state import State, keep_signed, record_published
from consent.log.publishing.witnesses import Witnesses
from signing.checkpoint import Checkpoint
from signing.note import parse_note, sign_note


def sign(state: State, ports: PublishingPorts) -> bytes:
    """The log's note over the committed root of `state`, on record before it is returned.

    Raises:
        OvertakenError, ClockBehindError, PublicationHaltedError: see `keep_signed`.
        SigningError: there is no valid log key.
    """
    text = Checkpoint(origin=state.origin, size=state.size, root=state.root).text()
    note = sign_note(text, ports.signers(state.origin, state.livemode))
    ports.step("sign")
    # Crash after this: a signature of the committed root is on record, and nobody has it yet.
    kept = keep_signed(state, note=note)
    ports.step("signed")
    return kept


def publish(state: State, ports: PublishingPorts, witnesses: Witnesses, *, folder: str) -> None:
    """Publish the checkpoint of `state`, with what witnesses say of it. Never over a larger one.

    Raises:
        QuorumMissedError: the policy wants more witnesses than answered; the standing checkpoint stays.
        OvertakenError: another publisher was faster.
        PublicationHaltedError: what stands in the store contradicts the database.
        StoreUnavailableError: the store failed; whether it kept the checkpoint is looked up at the next turn.
    """
    signed = parse_note(sign(state, ports))
    cosignatures = witnesses.cosign(state, signed)
    note = signed.with_signatures(cosignatures)
    if not witnesses.suffice(cosignatures, signed):
        raise QuorumMissedError(
            f"{state.origin} at size {state.size}: too few of the policy's witnesses cosigned; they are asked again"
        )
    _put(state, note.format(), ports, folder)
    ports.step("record")
    record_published(state, note=note.format())
    ports.step("recorded")


def stand_again(state: State, ports: PublishingPorts, *, folder: str) -> None:
    """Put the recorded checkpoint back where a publisher that slept has put an older one.

    Raises:
        as `publish`.
    """
    if state.published_note is not None:
        _put(state, state.published_note, ports, folder)


def _put(state: State, note: bytes, ports: PublishingPorts, folder: str) -> None:
    standing = read_standing(ports.objects, folder=folder, origin=state.origin)
    if standing is not None:
        require_below(standing, state)
        if standing.checkpoint.size > state.size:
            raise OvertakenError(f"{state.origin} is published to {standing.checkpoint.size} already")
        if standing.data == note:
            return
    try:
        # A publisher that slept until now finds another checkpoint than it has just read, and leaves it.
        ports.objects.replace(folder + CHECKPOINT, note, expected=None if standing is None else standing.data)
    except ObjectChangedError as exc:
        raise OvertakenError(f"{state.origin}: another publisher has just put its checkpoint") from exc
