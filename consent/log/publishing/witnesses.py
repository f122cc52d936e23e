"""What a publisher asks of its witnesses, and a log that has none."""

from collections.abc import Sequence
from typing import Protocol

from consent.log.publishing.state import State
from signing.note import Note
from signing.note_signature import NoteSignature


class Witnesses(Protocol):
    """The independent parties that cosign a log's checkpoints."""

    def cosign(self, state: State, signed: Note) -> Sequence[NoteSignature]:
        """The cosignatures that came in time, each verified. Witnesses that fail are counted, never raised."""

    def suffice(self, cosignatures: Sequence[NoteSignature], signed: Note) -> bool:
        """Whether the policy lets a checkpoint with these be published."""


class NoWitnesses:
    """No witness is named: the operator alone vouches for order and time, and the documentation says so."""

    def cosign(self, state: State, signed: Note) -> Sequence[NoteSignature]:
        """None."""
        return ()

    def suffice(self, cosignatures: Sequence[NoteSignature], signed: Note) -> bool:
        """Always."""
        return True
