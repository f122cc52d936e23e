"""Wire types of `/v1/evidence`: what is asked about the past. The answer is a ZIP (SPEC §17)."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from consent.core.wire.fields import ExternalIdText, Instant
from signing.evidence_answer import MAX_DECISIONS, MAX_QUESTIONS

MAX_EVIDENCE_BYTES = 256 * 1024  # of a request: 64 questions with their lists

GrantId = Annotated[str, Meta(pattern=r"^grt_[A-Za-z0-9_]{1,64}$(?!\n)")]
PerformerId = Annotated[str, Meta(pattern=r"^prf_[A-Za-z0-9_]{1,64}$(?!\n)")]
DecisionId = Annotated[str, Meta(pattern=r"^dec_[A-Za-z0-9_-]{1,120}$(?!\n)")]


class EvidenceQuestion(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A question as in a check, but for whom it is about: that is said once for all. Words and forms are the same."""

    use: str
    modality: str | UnsetType = UNSET
    purpose: str | UnsetType = UNSET
    territory: str | UnsetType = UNSET
    language: str | UnsetType = UNSET
    base_model: str | UnsetType = UNSET
    source_material: list[str] | UnsetType = UNSET
    content_tier: str | UnsetType = UNSET
    adult_terms: list[str] | UnsetType = UNSET
    themes: list[str] | UnsetType = UNSET
    political: bool | UnsetType = UNSET
    religious: bool | UnsetType = UNSET
    medical: bool | UnsetType = UNSET
    endorsement: bool | UnsetType = UNSET
    commercial: bool | UnsetType = UNSET
    end_user_scope: str | UnsetType = UNSET
    end_user_age_assured: bool | UnsetType = UNSET
    quantity: int | UnsetType = UNSET


Questions = Annotated[list[EvidenceQuestion], Meta(min_length=1, max_length=MAX_QUESTIONS)]


class NewEvidence(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Exactly one of `performer`, `external_id` and `grant`. Without `at` it is about now.

    Without `questions`, which only a `grant` allows, each use of the grant is asked about as the grant itself names
    it. `decisions` are answers that were given at the time; their receipts are enclosed.
    """

    performer: PerformerId | UnsetType = UNSET
    external_id: ExternalIdText | UnsetType = UNSET
    grant: GrantId | UnsetType = UNSET
    at: Instant | UnsetType = UNSET
    questions: Questions | UnsetType = UNSET
    decisions: Annotated[list[DecisionId], Meta(min_length=1, max_length=MAX_DECISIONS)] | UnsetType = UNSET


class NewMyEvidence(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The same for the performer: of one of their own consents."""

    grant: GrantId
    at: Instant | UnsetType = UNSET
    questions: Questions | UnsetType = UNSET
