"""source_material: only recordings or pictures listed by their SHA-256.

`{"kind": "source_material", "v": 1, "sha256": ["…"]}`. Binds `train.* derive.* process.*`. Narrower:
adding it, fewer digests.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from consent.core.asked import Asked
from consent.core.constraints.base import PASS, Constraint, Scene, Verdict, constraint, deny, missing
from consent.core.reasons import Reason
from consent.core.term_error import check_members, read_set
from consent.core.uses import Use

_FAMILIES: Final = frozenset({"train", "derive", "process"})
_SHA256 = re.compile(r"[0-9a-f]{64}")


def _binds(use: Use, adult: bool) -> bool:
    return use.family in _FAMILIES


@constraint(kind="source_material", tag=5, since="2026-11", binds=_binds)
@dataclass(frozen=True, slots=True, kw_only=True)
class SourceMaterial(Constraint):
    """From which material; every digest of the question must be among them."""

    sha256: frozenset[str]

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> "SourceMaterial":
        """Read the members beside kind and v."""
        check_members(document, required=("sha256",))
        digests = read_set(
            document,
            "sha256",
            accepts=lambda each: _SHA256.fullmatch(each) is not None,
            expected="SHA-256 in lower-case hex",
        )
        return cls(sha256=digests)

    def evaluate(self, asked: Asked, scene: Scene) -> Verdict:
        """Judge the material asked."""
        if not asked.source_material:
            return missing("source_material")
        return PASS if self.sha256.issuperset(asked.source_material) else deny(Reason.SOURCE_MATERIAL)
