"""posthumous: after death only where the grant says so, for whole years, half-open (DECIDING 14).

The grant's member `posthumous`: null, or `{"allowed": true, "years": 10}`, at most 70 years. Without
it, death ends the consent and reads `no_active_consent`. Narrower: null, fewer years.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from consent.core.constraints.base import constraint
from consent.core.instants import years_after
from consent.core.term_error import TermError, check_members, read_bool, read_integer

MAX_YEARS: Final = 70  # Cal. Civ. Code 3344.1; law page B.2


@constraint(kind="posthumous", tag=18, since="2026-11")
@dataclass(frozen=True, slots=True, kw_only=True)
class Posthumous:
    """For how long after death."""

    years: int

    @classmethod
    def from_body(cls, document: object) -> "Posthumous | None":
        """Read the grant's member `posthumous`."""
        if document is None:
            return None
        if not isinstance(document, Mapping):
            raise TermError("", "type", "null or an object", document)
        members: Mapping[str, Any] = document
        check_members(members, required=("allowed",), optional=("years", "controller_ref"))
        if not read_bool(members, "allowed"):
            return None
        check_members(members, required=("allowed", "years"), optional=("controller_ref",))
        return cls(years=read_integer(members, "years", low=1, high=MAX_YEARS))

    def covers(self, at: datetime, *, deceased_at: datetime) -> bool:
        """Say whether an instant after death is still inside the years granted."""
        return at < years_after(deceased_at, self.years)
