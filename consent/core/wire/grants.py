"""Wire types of grants, as each side sees them."""

from typing import Any

import msgspec

from consent.core.wire.fields import GrantStateForLicensee


class Grant(msgspec.Struct, kw_only=True):
    """A grant as its licensee sees it: it stands, it pauses, it has ended. No reason, no author.

    `enforced_at` of one that stopped: every check sent since then denies.
    """

    id: str
    livemode: bool
    state: GrantStateForLicensee
    state_since: str
    performer: str
    offer: str
    uses: list[str]
    adult: bool
    signed_at: str
    valid_from: str
    valid_until: str
    supersedes: str | None
    grant_sha256: str
    enforced_at: str | None = None


class GrantForPerformer(msgspec.Struct, kw_only=True):
    """A grant as the performer who signed it sees it."""

    id: str
    livemode: bool
    state: str
    state_since: str
    licensee: dict[str, Any]
    performer: str
    offer: str
    uses: list[str]
    adult: bool
    signed_at: str
    confirmed_at: str | None
    activated_at: str | None
    ended_at: str | None
    valid_from: str
    valid_until: str
    grant_sha256: str
    credential: str
    enforced_at: str | None = None


class CurrentLimits(msgspec.Struct, kw_only=True):
    """The performer's standing prohibitions: what the next version must follow."""

    livemode: bool
    version: int
    body_sha256: str | None
    body: dict[str, Any] | None
