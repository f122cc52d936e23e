"""term: the instant lies in the window [not_before, not_after), half-open.

`{"kind": "term", "v": 1, "not_before": "…Z", "not_after": "…Z"}` on a line, one of the two at least.
The grant's own `valid_from` is judged by the same constraint; once its term has ended there is no
active consent any more. Narrower: a later start, an earlier end.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from consent.core.asked import Asked
from consent.core.constraints.base import PASS, Constraint, Scene, Verdict, constraint, deny
from consent.core.instants import InstantError, parse_instant
from consent.core.reasons import Reason
from consent.core.term_error import TermError, check_members


@constraint(kind="term", tag=17, since="2026-11")
@dataclass(frozen=True, slots=True, kw_only=True)
class Term(Constraint):
    """When."""

    not_before: datetime | None
    not_after: datetime | None

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> "Term":
        """Read the members beside kind and v."""
        check_members(document, optional=("not_before", "not_after"))
        if not document:
            raise TermError("", "member_required", "not_before or not_after", "neither")
        start, end = read_instant(document, "not_before"), read_instant(document, "not_after")
        if start is not None and end is not None and start >= end:
            raise TermError("/not_after", "window_ordered", "later than not_before", document["not_after"])
        return cls(not_before=start, not_after=end)

    def evaluate(self, asked: Asked, scene: Scene) -> Verdict:
        """Judge the instant."""
        if self.not_before is not None and scene.at < self.not_before:
            return deny(Reason.TERM)
        if self.not_after is not None and scene.at >= self.not_after:
            return deny(Reason.TERM)
        return PASS


def read_instant(document: Mapping[str, Any], name: str) -> datetime | None:
    """An instant of the one strict form, or None if the member is absent."""
    if name not in document:
        return None
    value = document[name]
    if not isinstance(value, str):
        raise TermError(f"/{name}", "instant", "YYYY-MM-DDTHH:MM:SSZ", value)
    try:
        return parse_instant(value)
    except InstantError as exc:
        raise TermError(f"/{name}", "instant", "YYYY-MM-DDTHH:MM:SSZ", value) from exc
