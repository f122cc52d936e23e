"""What is known of one performer towards one licensee: as the feed tells it, and packed small.

A million pairs are kept as packed bytes, some sixty each, and are unpacked when they are asked about. The terms of
grants are kept once for all grants that differ in nothing but their dates.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from consent.core.instants import InstantError, format_instant, parse_instant
from consent.core.wire.encode import encode

PairName = tuple[str, str]  # the licensee, and the performer as the licensee names them
_DATED = ("valid_from", "valid_until")


@dataclass(frozen=True, slots=True, kw_only=True)
class PairGrant:
    """One living grant. `terms` is the JSON of its compiled terms, `grant_sha256` the digest of the signed body."""

    grant: str
    state: str
    signed_at: datetime
    terms: Mapping[str, Any]
    grant_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One performer towards one licensee, complete. `performer` is the licensee's reference of them; `names` are all
    others that this organization may ask by (`external_id:…`, its own `prf_…`); `ended` are ids of ended grants."""

    performer: str
    licensee: str
    names: tuple[str, ...] = ()
    known: bool = True
    deceased_at: datetime | None = None
    prior_record: bool = False
    ever_signed: bool = False
    limits: Mapping[str, Any] | None = None
    grants: tuple[PairGrant, ...] = ()
    ended: tuple[str, ...] = ()

    @property
    def name(self) -> PairName:
        """What the pair is found by."""
        return self.licensee, self.performer


class PackedGrant(NamedTuple):
    """A grant as it is kept: its terms by their place in the table, the dates of the term apart."""

    grant: str
    state: str
    signed_at: int
    terms: int
    valid_from: int | None
    valid_until: int | None
    sha256: bytes


class PackedPair(NamedTuple):
    """A pair as it is kept, without its own name."""

    names: tuple[str, ...]
    known: bool
    deceased_at: int | None
    prior_record: bool
    ever_signed: bool
    limits: int | None
    grants: tuple[PackedGrant, ...]
    ended: tuple[str, ...]


_PACKER = msgspec.msgpack.Encoder()
_UNPACKER = msgspec.msgpack.Decoder(PackedPair)


class TermsTable:
    """Terms and limits, each kept once. It only grows; a full resync begins a new one."""

    def __init__(self) -> None:
        self.documents: list[bytes] = []
        self._places: dict[bytes, int] = {}

    def place(self, document: Mapping[str, Any]) -> int:
        """The place of a document that is equal to this one."""
        return self.add(encode(dict(document)))

    def add(self, data: bytes) -> int:
        """The place of a document in its JSON form."""
        place = self._places.get(data)
        if place is None:
            place = self._places[data] = len(self.documents)
            self.documents.append(data)
        return place

    def document(self, place: int) -> dict[str, Any]:
        """The document at a place."""
        found: dict[str, Any] = msgspec.json.decode(self.documents[place])
        return found


def pack(pair: Pair, table: TermsTable) -> bytes:
    """A pair as it is kept."""
    return _PACKER.encode(
        PackedPair(
            names=pair.names,
            known=pair.known,
            deceased_at=None if pair.deceased_at is None else _seconds(pair.deceased_at),
            prior_record=pair.prior_record,
            ever_signed=pair.ever_signed,
            limits=None if pair.limits is None else table.place(pair.limits),
            grants=tuple(_pack_grant(grant, table) for grant in pair.grants),
            ended=pair.ended,
        )
    )


def unpack(data: bytes) -> PackedPair:
    """A pair as it was kept. Raises msgspec.MsgspecError for bytes that `pack` does not make."""
    return _UNPACKER.decode(data)


def instant(seconds: int) -> datetime:
    """A whole second of the registry's time."""
    return datetime.fromtimestamp(seconds, UTC)


def instant_text(seconds: int) -> str:
    """The same as terms write it."""
    return format_instant(instant(seconds))


def _pack_grant(grant: PairGrant, table: TermsTable) -> PackedGrant:
    terms = dict(grant.terms)
    dates = [_read(terms.get(name)) for name in _DATED]
    if None not in dates:
        for name in _DATED:
            del terms[name]
    else:
        dates = [None, None]  # unreadable terms stay as they came, and deny
    return PackedGrant(
        grant=grant.grant,
        state=grant.state,
        signed_at=_seconds(grant.signed_at),
        terms=table.place(terms),
        valid_from=dates[0],
        valid_until=dates[1],
        sha256=bytes.fromhex(grant.grant_sha256),
    )


def _read(value: object) -> int | None:
    """A date of a term in seconds; None for anything that terms do not accept as one."""
    try:
        return _seconds(parse_instant(value)) if isinstance(value, str) else None
    except InstantError:
        return None


def _seconds(at: datetime) -> int:
    return int(at.timestamp())
