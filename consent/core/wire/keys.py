"""Wire types of API keys. The secret stands in the answer that creates it, and nowhere else."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from consent.core.wire.fields import Instant, Label, LanguageTag

Scope = Literal[
    "check", "receipts", "offers", "grants", "performers", "members", "keys", "organization", "events"
]
SCOPES: tuple[str, ...] = Scope.__args__  # type: ignore[attr-defined]  # a Literal's values, at run time


class StandingContext(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What every question of this key means unless it says otherwise (DESIGN §5)."""

    territory: Annotated[str, Meta(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$(?!\n)")] | UnsetType = UNSET
    language: LanguageTag | UnsetType = UNSET
    purpose: Annotated[str, Meta(pattern=r"^[a-z.-]{1,64}$(?!\n)")] | UnsetType = UNSET
    base_model: Annotated[str, Meta(min_length=1, max_length=512)] | UnsetType = UNSET


DailyQuota = Annotated[
    int, Meta(ge=1, le=10**12, description="Rows that may be asked in one UTC day; null: any number.")
]
RatePerSecond = Annotated[
    int, Meta(ge=1, le=1_000_000, description="Rows that may be asked in one second; null: any number.")
]


class NewApiKey(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A key to be made, on the side of the key that asks."""

    name: Label
    scopes: Annotated[list[Scope], Meta(min_length=1, max_length=len(SCOPES))]
    context: StandingContext | UnsetType = UNSET
    capabilities: Annotated[list[str], Meta(min_length=1, max_length=16)] | UnsetType = UNSET
    expires_at: Instant | UnsetType = UNSET
    daily_quota: DailyQuota | UnsetType | None = UNSET
    rate_per_s: RatePerSecond | UnsetType | None = UNSET


class KeyChange(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """New limits of a key; what is left out stays, null lifts it."""

    daily_quota: DailyQuota | UnsetType | None = UNSET
    rate_per_s: RatePerSecond | UnsetType | None = UNSET


class ApiKey(msgspec.Struct, kw_only=True):
    """A key as it is listed: `hint` is how its secret begins."""

    id: str
    livemode: bool
    name: str
    hint: str
    scopes: list[str]
    context: StandingContext
    capabilities: list[str]
    daily_quota: int | None
    rate_per_s: int | None
    created_at: str
    expires_at: str | None
    revoked_at: str | None


class CreatedApiKey(ApiKey, kw_only=True):
    """A key just made: `secret` is shown this once."""

    secret: str


class KeyRotation(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How long the old secret goes on working beside the new one."""

    overlap_s: Annotated[int, Meta(ge=0, le=604_800)] = 0


class RevokedApiKey(ApiKey, kw_only=True):
    """A key just switched off; every check sent after this answer refuses it."""

    enforced_at: str | None
