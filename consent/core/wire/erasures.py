"""Wire types of being forgotten: what would happen, the performer's word for it, and how far it is."""

from typing import Literal

import msgspec


class HoldOnMe(msgspec.Struct, kw_only=True):
    """A duty to keep what there is about the performer; erasing is refused until then."""

    id: str
    ground: str
    until: str


class ErasureAhead(msgspec.Struct, kw_only=True):
    """What erasing would do, told before anything is done.

    `consents` end at once; it is complete `complete_after_days` later, when the last backup of the keys has expired.
    `key_may_from` is from when the calling key may ask for it; None while no identity check covers the key.
    """

    livemode: bool
    consents: int
    complete_after_days: int
    holds: list[HoldOnMe]
    key_may_from: str | None


class EraseMe(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The performer's word. It cannot be undone, so it is spelled out."""

    confirm: Literal["erase everything about me, for good"]


class ErasureBegun(msgspec.Struct, kw_only=True):
    """Since `enforced_at` every check denies. While a store does not answer `erased_at` is None, and it goes on."""

    id: str
    livemode: bool
    enforced_at: str | None
    erased_at: str | None
    complete_from: str | None
    page: str


class Erasure(msgspec.Struct, kw_only=True):
    """How far an erasure is, by its random number, which names nobody."""

    id: str
    livemode: bool
    state: Literal["begun", "erased", "complete"]
    begun_at: str
    erased_at: str | None
    complete_from: str | None
    completed_at: str | None
