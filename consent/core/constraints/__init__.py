"""The constraints of consent, one file each. Importing this package fills the register."""

from consent.core.constraints.absent import Absent
from consent.core.constraints.adult_terms import AdultTerms
from consent.core.constraints.base import PASS, REGISTER, Constraint, Scene, Verdict
from consent.core.constraints.base_model import BaseModel
from consent.core.constraints.commercial import Commercial
from consent.core.constraints.content_tier import ContentTier
from consent.core.constraints.end_user_age import EndUserAge
from consent.core.constraints.end_users import EndUsers
from consent.core.constraints.language import Language
from consent.core.constraints.max_outputs import MaxOutputs
from consent.core.constraints.modality import Modality
from consent.core.constraints.model import Model
from consent.core.constraints.posthumous import Posthumous
from consent.core.constraints.purpose import Purpose
from consent.core.constraints.rate import Rate
from consent.core.constraints.source_material import SourceMaterial
from consent.core.constraints.term import Term
from consent.core.constraints.territory import Territory
from consent.core.constraints.themes import NO_THEMES, Themes
from consent.core.constraints.use_line import UseLine

__all__ = [
    "NO_THEMES",
    "PASS",
    "REGISTER",
    "Absent",
    "AdultTerms",
    "BaseModel",
    "Commercial",
    "Constraint",
    "ContentTier",
    "EndUserAge",
    "EndUsers",
    "Language",
    "MaxOutputs",
    "Modality",
    "Model",
    "Posthumous",
    "Purpose",
    "Rate",
    "Scene",
    "SourceMaterial",
    "Term",
    "Territory",
    "Themes",
    "UseLine",
    "Verdict",
]
