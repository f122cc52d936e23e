"""The checkpoint that stands in the store."""

from dataclasses import dataclass

from consent.log.errors import ObjectMissingError, PublicationHaltedError
from consent.log.objects import ObjectStore
from signing.checkpoint import Checkpoint, parse_checkpoint
from signing.errors import SigningError
from signing.note import parse_note

CHECKPOINT = "checkpoint"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The bytes of the published checkpoint and what they say."""

    data: bytes
    checkpoint: Checkpoint


def read_standing(objects: ObjectStore, *, folder: str, origin: str) -> Standing | None:
    """What is published under this log's prefix; None if nothing is.

    Raises:
        PublicationHaltedError: it is no checkpoint, or one of another log.
        StoreUnavailableError: the store failed.
    """
    key = folder + CHECKPOINT
    try:
        data = objects.get(key)
    except ObjectMissingError:
        return None
    try:
        checkpoint = parse_checkpoint(parse_note(data).text)
    except SigningError as exc:
        raise PublicationHaltedError(
            f"object {key} is no checkpoint ({exc}): it was damaged. See /docs/publishing#halted"
        ) from exc
    if checkpoint.origin != origin:
        raise PublicationHaltedError(
            f"object {key} is of the log {checkpoint.origin!r:.100}, and this registry would publish {origin}: was "
            "CONSENT_ORIGIN changed? Set it back: a log keeps its origin. See /docs/publishing#halted"
        )
    return Standing(data=data, checkpoint=checkpoint)
