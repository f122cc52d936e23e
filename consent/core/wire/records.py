"""Wire types of what the registry keeps beside grants: prior records, receipts, events."""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from consent.core.wire.fields import Line, Sha256
from consent.core.wire.offers import PerformerName
from consent.core.wire.terms import Codes

Day = Annotated[str, Meta(pattern=r"^(19|20)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$(?!\n)")]


class NewPriorRecord(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A paper consent: evidence, never a grant. The scan itself stays with the organization."""

    who: Line
    signed_on: Day
    uses: Codes
    scan_sha256: Sha256
    vouched_by: Line
    performer: PerformerName | UnsetType = UNSET
    valid_until: Day | UnsetType = UNSET


class PriorRecord(msgspec.Struct, kw_only=True):
    """An imported paper consent."""

    id: str
    livemode: bool
    performer: str | None
    scan_sha256: str
    imported_at: str


class Receipt(msgspec.Struct, kw_only=True):
    """A decision's signed receipt."""

    decision_id: str
    livemode: bool
    decision: str
    record_sha256: str
    decided_at: str
    receipt: str


class Event(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Something that happened to one of the organization's objects."""

    id: str
    livemode: bool
    type: str
    created_at: str
    position: str
    object: dict[str, Any]
    enforced_at: str | UnsetType | None = UNSET
