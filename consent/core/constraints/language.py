"""language: the language asked matches one of the ranges, by RFC 4647 basic filtering.

`{"kind": "language", "v": 1, "ranges": ["de", "en-GB"]}`; `*` is any. Binds the uses of DECIDING 9.
Narrower: fewer or longer ranges.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from consent.core import languages
from consent.core.asked import Asked
from consent.core.constraints.base import PASS, Constraint, Scene, Verdict, constraint, deny, missing
from consent.core.reasons import Reason
from consent.core.term_error import TermError, check_members, read_set
from consent.core.uses import VOICE_USES, Use


def _binds(use: Use, adult: bool) -> bool:
    return use.name in VOICE_USES


@constraint(kind="language", tag=2, since="2026-11", binds=_binds)
@dataclass(frozen=True, slots=True, kw_only=True)
class Language(Constraint):
    """In which languages; `lower` are the ranges in lower case, `prefixes` with a hyphen behind."""

    any: bool
    ranges: frozenset[str]
    lower: frozenset[str]
    prefixes: tuple[str, ...]

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> "Language":
        """Read the members beside kind and v."""
        check_members(document, required=("ranges",))
        ranges = read_set(
            document, "ranges", accepts=languages.is_language_range, expected="BCP 47 ranges, or * alone"
        )
        if languages.ANY in ranges and len(ranges) > 1:
            raise TermError("/ranges", "any_alone", "* alone, or ranges", "* among others")
        lower = frozenset(each.lower() for each in ranges)
        return cls(
            any=languages.ANY in ranges,
            ranges=ranges,
            lower=lower,
            prefixes=tuple(f"{each}-" for each in sorted(lower)),
        )

    @property
    def open(self) -> bool:
        """The explicit any."""
        return self.any

    def evaluate(self, asked: Asked, scene: Scene) -> Verdict:
        """Judge the language asked."""
        if self.any:
            return PASS
        if asked.language is None:
            return missing("language")
        tag = asked.language.lower()
        if tag in self.lower or tag.startswith(self.prefixes):
            return PASS
        return deny(Reason.LANGUAGE)
