"""What a check process keeps in memory: facts about one subject as one asker names it, and API keys.

A cell never holds a decision (engines.md §1.3: caches of decisions are where others failed). Its name is a tuple
of separate parts, so that no two questions can meet in one name.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from consent.check.caller import OrganizationCaller
from consent.core.asked import Asked
from consent.core.facts import SubjectFacts


class SubjectName(NamedTuple):
    """A performer as a caller names them towards a licensee, on one side; or a grant, by its id."""

    livemode: bool
    caller: str
    licensee: str
    selector: str  # "performer" or "grant": the two kinds of names never meet
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectCell:
    """The facts about a subject. `performer` is the internal id behind the name, None where it means nobody;
    `facts` None for a grant that is not the licensee's."""

    performer: str | None
    facts: SubjectFacts | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyCell:
    """An API key as its digest finds it; `caller` None where there is no such key, or it is switched off.

    `expires_at` is judged at each check, on the primary's clock.
    """

    livemode: bool
    caller: OrganizationCaller | None
    expires_at: datetime | None


def names_of(asked: Asked, *, livemode: bool) -> Sequence[SubjectName]:
    """The cells that a question needs, in the order of its subjects; none for models and personas."""
    licensee = asked.on_behalf_of or asked.caller
    if asked.grant is not None:
        return (SubjectName(livemode, asked.caller, licensee, "grant", asked.grant),)
    return [
        SubjectName(livemode, asked.caller, licensee, "performer", reference)
        for reference in asked.performers
    ]
