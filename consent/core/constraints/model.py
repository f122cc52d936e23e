"""model: output comes only from the named models of the licensee.

`{"kind": "model", "v": 1, "ids": ["mdl_…"]}`. Binds `infer.* edit.*`; without it any model of the
licensee will do (DECIDING 10). A question that names no model is answered by asking by model.
Narrower: adding it, fewer ids.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from consent.core.asked import Asked
from consent.core.constraints.base import PASS, Constraint, Scene, Verdict, constraint, deny, missing
from consent.core.ids import is_id
from consent.core.reasons import Reason
from consent.core.term_error import check_members, read_set
from consent.core.uses import Use

_FAMILIES: Final = frozenset({"infer", "edit"})


def _binds(use: Use, adult: bool) -> bool:
    return use.family in _FAMILIES


@constraint(kind="model", tag=4, since="2026-11", binds=_binds)
@dataclass(frozen=True, slots=True, kw_only=True)
class Model(Constraint):
    """From which models; every model of the question must be among them."""

    ids: frozenset[str]

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> "Model":
        """Read the members beside kind and v."""
        check_members(document, required=("ids",))
        return cls(ids=read_set(document, "ids", accepts=lambda each: is_id(each, "mdl"), expected="mdl_…"))

    def evaluate(self, asked: Asked, scene: Scene) -> Verdict:
        """Judge the models the question is asked by."""
        if not scene.models:
            return missing("model")
        return PASS if self.ids.issuperset(scene.models) else deny(Reason.MODEL)
