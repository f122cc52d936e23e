"""Wire types of `/v1/check` and `/v1/check/batch` (SHAPES "Check"). Unknown request members are refused.

Clients ignore unknown response members, so the answers do not forbid them.
"""

from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

MAX_BATCH_ROWS = 10_000  # DESIGN §8: a batch is up to 10,000 rows
MAX_PERFORMERS = 64  # of one question: a scene, not a catalogue
MAX_LIST = 256  # of any other list in a question


class CheckFields(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Every member a question may have. One selector: performer(s), external_id, persona, model or grant."""

    performer: str | UnsetType = UNSET
    performers: list[str] | UnsetType = UNSET
    external_id: str | UnsetType = UNSET
    persona: str | UnsetType = UNSET
    model: str | UnsetType = UNSET
    grant: str | UnsetType = UNSET
    use: str | UnsetType = UNSET
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
    on_behalf_of: str | UnsetType = UNSET
    at_least: str | UnsetType = UNSET
    receipt: Literal["deferred", "inline"] | UnsetType = UNSET
    nonce: str | UnsetType = UNSET
    explain: bool | UnsetType = UNSET


class CheckRequest(CheckFields, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One question. `use` is the only member that every question has."""

    use: str


class BatchCheck(CheckFields, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One row of a batch; what it leaves out comes from the batch's defaults."""

    id: str


class BatchRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Up to `MAX_BATCH_ROWS` questions, answered in order at one position."""

    checks: list[BatchCheck]
    defaults: CheckFields | UnsetType = UNSET
    receipt: Literal["deferred", "inline"] | UnsetType = UNSET
    at_least: str | UnsetType = UNSET
    nonce: str | UnsetType = UNSET


class ProblemError(msgspec.Struct, kw_only=True):
    """One fault inside a problem."""

    pointer: str
    rule: str
    expected: str
    got: str


class Problem(msgspec.Struct, kw_only=True, omit_defaults=True):
    """RFC 9457 problem details. A problem is never a decision.

    `violated_policies` names the limits that were reached (draft-ietf-httpapi-ratelimit-headers, "Problem Types").
    """

    type: str
    title: str
    status: int
    code: str
    request_id: str
    errors: list[ProblemError] = []
    detail: str | UnsetType = UNSET
    violated_policies: list[str] | UnsetType = msgspec.field(default=UNSET, name="violated-policies")


class CheckResponse(msgspec.Struct, kw_only=True):
    """The answer to one question; `asked` is the completed form that was decided and digested."""

    decision: Literal["allow", "deny"]
    decision_id: str
    livemode: bool
    asked: dict[str, Any]
    grants: list[str]
    reasons: list[str]
    missing: list[str]
    next_step: str | None
    obligations: list[str]
    position: str
    as_of: str
    valid_until: str
    record_sha256: str | None
    receipt: str | None
    explanation: dict[str, Any] | UnsetType = UNSET


class BatchResult(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One row's answer: a decision, or the problem that kept it from one."""

    id: str
    decision: Literal["allow", "deny"] | UnsetType = UNSET
    decision_id: str | UnsetType = UNSET
    asked: dict[str, Any] | UnsetType = UNSET
    grants: list[str] | UnsetType = UNSET
    reasons: list[str] | UnsetType = UNSET
    missing: list[str] | UnsetType = UNSET
    next_step: str | UnsetType | None = UNSET
    obligations: list[str] | UnsetType = UNSET
    valid_until: str | UnsetType = UNSET
    problem: Problem | UnsetType = UNSET


class BatchResponse(msgspec.Struct, kw_only=True):
    """The answers of a batch, in the order asked, with one signed receipt over all of them."""

    position: str
    livemode: bool
    as_of: str
    results: list[BatchResult]
    receipt: str | None
