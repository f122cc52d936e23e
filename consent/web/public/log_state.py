"""The published logs as a visitor sees them: what stands in the database and in the published checkpoints."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from consent.log.models import Publication
from consent.log.publishing.origins import folder_of
from signing.note import parse_note
from signing.note_signature import NoteSignature

# tlog-cosignature § Format: eight bytes of time before an Ed25519 or an ML-DSA-44 signature.
_COSIGNATURE_BYTES = frozenset({8 + 64, 8 + 2420})
_LAST_SECOND = int(datetime(9999, 12, 31, tzinfo=UTC).timestamp())


@dataclass(frozen=True, slots=True, kw_only=True)
class Witnessed:
    """Who says to have seen the checkpoint, and when. The page does not judge it: it knows no witness's key."""

    name: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedLog:
    """One log. `note` is its published checkpoint, None before the first; `halted` why nothing new is published."""

    origin: str
    livemode: bool
    size: int
    note: str | None
    published_at: datetime | None
    halted: str
    keys: Sequence[str]

    @property
    def name(self) -> str:
        """What stands for it in addresses: `live`, `test`, `live/2`."""
        return folder_of(self.origin).removeprefix("log/").rstrip("/")

    @property
    def size_words(self) -> str:
        """With a comma between thousands."""
        return f"{self.size:,}"

    @property
    def last(self) -> int:
        """The index of the newest entry; -1 where there is none."""
        return self.size - 1

    @property
    def witnesses(self) -> Sequence[Witnessed]:
        """The cosignatures under the checkpoint, with the times that they state."""
        if self.note is None:
            return ()
        signatures = parse_note(self.note.encode()).signatures
        found = (_witnessed(each) for each in signatures if each.name != self.origin)
        return [each for each in found if each is not None]


def published_logs(host: str) -> list[tuple[str, bool]]:
    """Origin and side of every log of the registry at `host`, the live ones first and the newest of a side first."""
    rows = Publication.objects.filter(origin__startswith=f"{host}/log/").order_by("-livemode", "-begun_at")
    return [(row.origin, row.livemode) for row in rows]


def read_log(origin: str, *, keys: Sequence[str]) -> PublishedLog | None:
    """The log of `origin`; None if nobody ever began to publish it."""
    row = Publication.objects.filter(origin=origin).first()
    if row is None:
        return None
    return PublishedLog(
        origin=origin,
        livemode=row.livemode,
        size=row.published_size,
        note=None if row.published_note is None else bytes(row.published_note).decode(),
        published_at=row.published_at,
        halted=row.halted,
        keys=tuple(keys),
    )


def _witnessed(signature: NoteSignature) -> Witnessed | None:
    time = int.from_bytes(signature.signature[:8], "big")
    if len(signature.signature) not in _COSIGNATURE_BYTES or not 0 < time <= _LAST_SECOND:
        return None
    return Witnessed(name=signature.name, at=datetime.fromtimestamp(time, UTC))
