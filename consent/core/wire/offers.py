"""Wire types of offers and of the invitations that carry them."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from consent.core.wire.fields import LanguageTag, Metadata, Note, OfferId, StageName, Thumbprint
from consent.core.wire.organizations import Email
from consent.core.wire.terms import Terms

OfferState = Literal["draft", "offered", "viewed", "changes_requested", "signed", "declined", "withdrawn"]
PerformerName = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=212,
        pattern="^(prf_[a-z0-9_]{1,64}|external_id:[^\\u0000-\\u0020\\u007f-\\u00a0\\u2028\\u2029]{1,200})$(?!\\n)",
        description="A reference `prf_…`, or `external_id:` and the organization's own name.",
    ),
]


class NewOffer(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A draft. To whom it goes may be said now or when it is sent."""

    terms: Terms
    performer: PerformerName | UnsetType = UNSET
    performer_name: StageName | UnsetType = UNSET
    replaces: OfferId | UnsetType = UNSET
    metadata: Metadata | UnsetType = UNSET


class OfferChange(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A change to a draft; what is left out stays. A sent offer never changes."""

    terms: Terms | UnsetType = UNSET
    performer: PerformerName | UnsetType = UNSET
    performer_name: StageName | UnsetType = UNSET
    metadata: Metadata | UnsetType = UNSET


class NewInvitation(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A code for a person without a reference yet. The address, if any, is sealed."""

    language: LanguageTag
    email: Email | UnsetType = UNSET


class SendOffer(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """To whom it goes: the performer of the draft, or a new invitation."""

    invitation: NewInvitation | UnsetType = UNSET


class Invitation(msgspec.Struct, kw_only=True, omit_defaults=True):
    """An invitation as it is listed. `code` and `link` stand only in the answer that made it."""

    id: str
    livemode: bool
    offer: str
    state: Literal["open", "redeemed", "revoked", "expired"]
    language: str
    created_at: str
    expires_at: str
    code: str | UnsetType = UNSET
    link: str | UnsetType = UNSET


class Offer(msgspec.Struct, kw_only=True, omit_defaults=True):
    """An offer as its organization sees it."""

    id: str
    livemode: bool
    state: OfferState
    terms: dict[str, Any]
    performer: str | None
    performer_name: str | None
    replaces: str | None
    requested_changes: str | None
    metadata: dict[str, str]
    created_at: str
    sent_at: str | None
    viewed_at: str | None
    closed_at: str | None
    invitation: Invitation | UnsetType = UNSET


class OfferSender(msgspec.Struct, kw_only=True):
    """Who asks."""

    id: str
    legal_name: str
    country: str
    contact: str


class OfferForPerformer(msgspec.Struct, kw_only=True):
    """An offer as the performer it is for reads it."""

    id: str
    livemode: bool
    state: OfferState
    licensee: OfferSender
    performer: str
    performer_name: str | None
    terms: dict[str, Any]
    languages: list[str]
    sent_at: str
    viewed_at: str | None


class Sample(msgspec.Struct, kw_only=True):
    """One sample question and its answer; `about` says what the sample varies."""

    about: str
    asked: dict[str, Any]
    allowed: bool
    reasons: list[str]
    missing: list[str]


class DryRun(msgspec.Struct, kw_only=True):
    """With these terms they could, and they could not: decided by the same rules as a check."""

    could: list[Sample]
    could_not: list[Sample]


class Reply(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a performer asks to have changed, in their own words."""

    note: Note


class PrepareGrant(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Ask for the exact bytes to sign: in which language, with which of the performer's keys and names.

    `lines`: the ids of the cards that were switched on; all of them where it is left out.
    """

    language: LanguageTag
    credential: Thumbprint
    performer_name: StageName | UnsetType = UNSET
    lines: (
        Annotated[
            list[Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$(?!\n)")]],
            Meta(min_length=1, max_length=32),
        ]
        | UnsetType
    ) = UNSET


class PreparedGrant(msgspec.Struct, kw_only=True):
    """The body to sign and the text it commits to; both work once, until `expires_at`."""

    grant: str
    body: dict[str, Any]
    text: str
    text_sha256: str
    expires_at: str
