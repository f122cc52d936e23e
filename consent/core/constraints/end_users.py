"""end_users: who may use or see the output: internal < identified_customers < public.

`{"kind": "end_users", "v": 1, "scope": "public", "age_assured": false}`. The scope binds
`infer.* edit.* publish.*`; `age_assured` is judged by `end_user_age` (DECIDING 12). Narrower: a
smaller scope, age_assured true.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from consent.core.asked import END_USER_SCOPES, Asked
from consent.core.constraints.base import PASS, Constraint, Scene, Verdict, constraint, deny
from consent.core.reasons import Reason
from consent.core.term_error import check_members, read_bool, read_word
from consent.core.uses import OUTPUT, Use


def _binds(use: Use, adult: bool) -> bool:
    return use.family in OUTPUT or adult


@constraint(kind="end_users", tag=7, since="2026-11", binds=_binds)
@dataclass(frozen=True, slots=True, kw_only=True)
class EndUsers(Constraint):
    """For whom, as a rank of `END_USER_SCOPES`."""

    rank: int
    age_assured: bool

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> "EndUsers":
        """Read the members beside kind and v."""
        check_members(document, required=("scope", "age_assured"))
        scope = read_word(document, "scope", words=frozenset(END_USER_SCOPES))
        return cls(rank=END_USER_SCOPES[scope], age_assured=read_bool(document, "age_assured"))

    def evaluate(self, asked: Asked, scene: Scene) -> Verdict:
        """Judge the scope asked; an unknown one is wider than any."""
        if not asked.is_output:
            return PASS  # nothing reaches an end user; only the age is judged, for adult tiers
        rank = END_USER_SCOPES.get(asked.end_user_scope)
        return PASS if rank is not None and rank <= self.rank else deny(Reason.END_USERS)
