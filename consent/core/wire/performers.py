"""Wire types of performers: as an organization knows them, and as they see themselves."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from consent.core.wire.fields import ExternalIdText, Label, Line, PerformerReference, StageName
from consent.core.wire.organizations import Email

Jwk = Annotated[
    dict[str, Any],
    Meta(description="An RFC 7517 public key: Ed25519 (kty OKP), without private members."),
]


class Performer(msgspec.Struct, kw_only=True):
    """A performer as one organization knows them: by its own reference, never by name."""

    performer: str
    livemode: bool
    external_ids: list[str]
    created_at: str


class NewExternalId(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Give a performer the organization's own name."""

    performer: PerformerReference
    external_id: ExternalIdText


class ExternalId(msgspec.Struct, kw_only=True):
    """One name of the organization's own."""

    external_id: str
    performer: str
    livemode: bool
    created_at: str


class ForgetExternalId(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The name to forget."""

    external_id: ExternalIdText


class ForgottenExternalId(msgspec.Struct, kw_only=True):
    """A name that no check knows any more."""

    external_id: str
    livemode: bool
    committed: str


class Identity(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What the examiner compares with a document. Sealed; no organization and no text ever shows it."""

    legal_name: Line
    birth_date: Annotated[
        str, Meta(pattern=r"^(19|20)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$(?!\n)")
    ]
    email: Email


class Enrolment(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A new performer with their first key; the proof in the request is made with that very key."""

    livemode: bool
    public_key: Jwk
    stage_names: Annotated[list[StageName], Meta(min_length=1, max_length=20)]
    identity: Identity
    label: Label


class Credential(msgspec.Struct, kw_only=True):
    """One of the performer's own keys."""

    id: str
    thumbprint: str
    kind: str
    state: str
    label: str
    introduced_by: str | None
    usable_from: str | None


class IdentityStatus(msgspec.Struct, kw_only=True):
    """Whether an examiner has recorded the performer as verified and 18 or older."""

    state: Literal["waiting", "verified"]
    method: str | None
    examiner: str | None
    checked_at: str | None


class Me(msgspec.Struct, kw_only=True):
    """The performer's own account."""

    livemode: bool
    stage_names: list[str]
    identity: IdentityStatus
    credentials: list[Credential]
    limits_version: int


class RedeemInvitation(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Take up an invitation by its code."""

    code: Annotated[str, Meta(min_length=4, max_length=200, pattern=r"^[A-Za-z0-9_-]+$(?!\n)")]
