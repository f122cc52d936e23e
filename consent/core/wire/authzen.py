"""Wire types of OpenID AuthZEN, Authorization API 1.0: a question and its answer in the words of that standard.

Members of its own objects that we do not know are ignored, as §10.1.1 demands; what may stand in `context` and
`properties` is ours to say (`consent.core.authzen`).
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from consent.core.wire.check import ProblemError

EXECUTE_ALL: Literal["execute_all"] = "execute_all"


class Entity(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A subject or a resource (§5.1, §5.2)."""

    type: str
    id: str
    properties: dict[str, Any] | UnsetType = UNSET


class Action(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What is to be done (§5.3)."""

    name: str
    properties: dict[str, Any] | UnsetType = UNSET


class EvaluationRequest(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One question (§6.1)."""

    subject: Entity
    action: Action
    resource: Entity
    context: dict[str, Any] | UnsetType = UNSET


class EvaluationsOptions(msgspec.Struct, kw_only=True, omit_defaults=True):
    """How the questions are gone through (§7.1.2); only all of them are."""

    evaluations_semantic: Annotated[str, Meta(extra_json_schema={"enum": [EXECUTE_ALL]})] | UnsetType = UNSET


class EvaluationsRequest(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Many questions (§7.1): what one leaves out comes from beside `evaluations`. Without any it is one question."""

    subject: Any = UNSET
    action: Any = UNSET
    resource: Any = UNSET
    context: Any = UNSET
    evaluations: list[dict[str, Any]] | UnsetType = UNSET
    options: EvaluationsOptions | UnsetType = UNSET


class Obligation(msgspec.Struct, kw_only=True):
    """Something that whoever acts on an allow must do."""

    id: str


class EvaluationError(msgspec.Struct, kw_only=True):
    """Why one of many questions could not be decided; then its `decision` is false (§7.2.1)."""

    status: int
    message: str
    code: str
    errors: list[ProblemError]


class DecisionContext(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What stands beside a decision (§5.5.1). In an answer to many, what is the same for all stands beside them."""

    reasons: list[str] | UnsetType = UNSET
    missing: list[str] | UnsetType = UNSET
    next_step: str | UnsetType | None = UNSET
    obligations: list[Obligation] | UnsetType = UNSET
    decision_id: str | UnsetType = UNSET
    asked: dict[str, Any] | UnsetType = UNSET
    grants: list[str] | UnsetType = UNSET
    valid_until: str | UnsetType = UNSET
    livemode: bool | UnsetType = UNSET
    position: str | UnsetType = UNSET
    as_of: str | UnsetType = UNSET
    record_sha256: str | UnsetType | None = UNSET
    receipt: str | UnsetType | None = UNSET
    explanation: dict[str, Any] | UnsetType = UNSET
    error: EvaluationError | UnsetType = UNSET


class Evaluation(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One decision (§5.5)."""

    decision: bool
    context: DecisionContext


class Evaluations(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The decisions in the order asked, or the one of a request without `evaluations` (§7.2)."""

    decision: bool | UnsetType = UNSET
    evaluations: list[Evaluation] | UnsetType = UNSET
    context: DecisionContext


class AuthzenConfiguration(msgspec.Struct, kw_only=True):
    """Where everything is (§9.1)."""

    policy_decision_point: str
    access_evaluation_endpoint: str
    access_evaluations_endpoint: str
