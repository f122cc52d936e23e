"""base_model: what is trained, derived from or shared is one of the named base models.

`{"kind": "base_model", "v": 1, "ids": ["sha256:…"]}`; `*` is any. Binds `train.* derive.* model.*`
(DECIDING 10). Narrower: fewer ids.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from consent.core.asked import Asked
from consent.core.constraints.base import PASS, Constraint, Scene, Verdict, constraint, deny, missing
from consent.core.reasons import Reason
from consent.core.request_forms import is_base_model
from consent.core.term_error import TermError, check_members, read_set
from consent.core.uses import MODEL_MAKING, Use

ANY: Final = "*"


def _binds(use: Use, adult: bool) -> bool:
    return use.family in MODEL_MAKING


def _is_id(text: str) -> bool:
    return text == ANY or is_base_model(text)


@constraint(kind="base_model", tag=3, since="2026-11", binds=_binds)
@dataclass(frozen=True, slots=True, kw_only=True)
class BaseModel(Constraint):
    """On which base models."""

    any: bool
    ids: frozenset[str]

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> "BaseModel":
        """Read the members beside kind and v."""
        check_members(document, required=("ids",))
        ids = read_set(document, "ids", accepts=_is_id, expected="sha256:…, a URI or a name, or * alone")
        if ANY in ids and len(ids) > 1:
            raise TermError("/ids", "any_alone", "* alone, or ids", "* among others")
        return cls(any=ANY in ids, ids=ids)

    @property
    def open(self) -> bool:
        """The explicit any."""
        return self.any

    def evaluate(self, asked: Asked, scene: Scene) -> Verdict:
        """Judge the base model asked."""
        if self.any:
            return PASS
        if asked.base_model is None:
            return missing("base_model")
        return PASS if asked.base_model in self.ids else deny(Reason.BASE_MODEL)
