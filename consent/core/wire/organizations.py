"""Wire types of the organization and its members."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from consent.core.wire.fields import Country, Line

Role = Literal["owner", "developer", "producer", "desk"]
Email = Annotated[
    str,
    Meta(
        max_length=254,
        pattern=r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){0,8}$(?!\n)",
    ),
]


class Organization(msgspec.Struct, kw_only=True):
    """The organization that the key belongs to."""

    id: str
    livemode: bool
    legal_name: str
    country: str
    contact: str
    created_at: str


class OrganizationChange(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What an organization may change of itself; what is left out stays."""

    legal_name: Line | UnsetType = UNSET
    country: Country | UnsetType = UNSET
    contact: Line | UnsetType = UNSET


class NewMember(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Somebody who will act for the organization. The address is sealed and never shown again."""

    email: Email
    role: Role
    display_name: Line


class Member(msgspec.Struct, kw_only=True):
    """Somebody who acts for the organization, on both of its sides; `livemode` is that of the key that asked."""

    id: str
    livemode: bool
    role: str
    display_name: str
    created_at: str
