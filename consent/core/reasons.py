"""Reason codes: one closed list, in the fixed order in which a decision reports them.

Codes are documented, tested and never renamed (DECIDING 24; SHAPES "Reason codes").
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final


class Reason(StrEnum):
    """Why a check was denied; `fictional_persona` alone stands on an allow."""

    PERFORMER_UNKNOWN = "performer_unknown"
    NOT_A_RECIPIENT = "not_a_recipient"
    PROHIBITED_CONTENT = "prohibited_content"
    NO_ACTIVE_CONSENT = "no_active_consent"
    PERFORMER_LIMITS = "performer_limits"
    PRIOR_RECORD_UNSIGNED = "prior_record_unsigned"
    EXPLICIT_PROHIBITION = "explicit_prohibition"
    OUT_OF_SCOPE = "out_of_scope"
    TERM = "term"
    USE_LINE = "use_line"
    MODALITY = "modality"
    PURPOSE = "purpose"
    CONTENT_TIER = "content_tier"
    ADULT_TERMS = "adult_terms"
    THEMES = "themes"
    TERRITORY = "territory"
    LANGUAGE = "language"
    BASE_MODEL = "base_model"
    MODEL = "model"
    SOURCE_MATERIAL = "source_material"
    COMMERCIAL = "commercial"
    END_USERS = "end_users"
    END_USER_AGE = "end_user_age"
    MAX_OUTPUTS = "max_outputs"
    RATE = "rate"
    POSTHUMOUS = "posthumous"
    CONTEXT_MISSING = "context_missing"
    UNKNOWN_TERM = "unknown_term"
    OBLIGATION_UNMET = "obligation_unmet"
    MODEL_TAINTED = "model_tainted"
    MODEL_DISABLED = "model_disabled"
    PERSONA_EMPTY = "persona_empty"
    NEEDS_ONLINE = "needs_online"
    QUOTA = "quota"
    FICTIONAL_PERSONA = "fictional_persona"


_ORDER: Final = {reason: place for place, reason in enumerate(Reason)}


def in_order(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """Each reason once, in the order of the list."""
    found = set(reasons)
    return tuple(found) if len(found) == 1 else tuple(sorted(found, key=_ORDER.__getitem__))
