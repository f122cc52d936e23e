"""The registry's tables, one noun a file."""

from consent.registry.models.account import AccountPasskey, Operator
from consent.registry.models.api_key import ApiKey, KeyUse
from consent.registry.models.choice import OfferChoice
from consent.registry.models.contact import ContactIndex
from consent.registry.models.counter import Counter, CounterUse
from consent.registry.models.credential import Credential, SpentProof
from consent.registry.models.decision import DecisionRecord, KeptReceipt
from consent.registry.models.erasure import Erasure, LegalHold
from consent.registry.models.feed import FeedCounter, FeedEntry, FeedStart, GrantRecipient
from consent.registry.models.grant import (
    Countersignature,
    Grant,
    GrantEnding,
    GrantHold,
    PendingRevocation,
    PreparedGrant,
    StatusSlot,
)
from consent.registry.models.idempotency import IdempotentRequest
from consent.registry.models.identity_check import IdentityCheck
from consent.registry.models.ledger import CheckCount, LedgerSegment
from consent.registry.models.limits import Limits
from consent.registry.models.link import OneUseLink
from consent.registry.models.offer import Invitation, Offer
from consent.registry.models.organization import Member, Organization, OrganizationSide
from consent.registry.models.passkey import Passkey
from consent.registry.models.performer import (
    ExternalId,
    IdentityRecord,
    PairwiseReference,
    Performer,
    StageName,
)
from consent.registry.models.prior_record import PriorRecord
from consent.registry.models.recovery_code import RecoveryCode
from consent.registry.models.statement import Acknowledgement, Statement
from consent.registry.models.status_list import StatusList

__all__ = [
    "AccountPasskey",
    "Acknowledgement",
    "ApiKey",
    "CheckCount",
    "ContactIndex",
    "Counter",
    "CounterUse",
    "Countersignature",
    "Credential",
    "DecisionRecord",
    "Erasure",
    "ExternalId",
    "FeedCounter",
    "FeedEntry",
    "FeedStart",
    "Grant",
    "GrantEnding",
    "GrantHold",
    "GrantRecipient",
    "IdempotentRequest",
    "IdentityCheck",
    "IdentityRecord",
    "Invitation",
    "KeptReceipt",
    "KeyUse",
    "LedgerSegment",
    "LegalHold",
    "Limits",
    "Member",
    "Offer",
    "OfferChoice",
    "OneUseLink",
    "Operator",
    "Organization",
    "OrganizationSide",
    "PairwiseReference",
    "Passkey",
    "PendingRevocation",
    "Performer",
    "PreparedGrant",
    "PriorRecord",
    "RecoveryCode",
    "SpentProof",
    "StageName",
    "Statement",
    "StatusList",
    "StatusSlot",
]
