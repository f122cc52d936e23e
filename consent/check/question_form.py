"""A question with a blank where the performer's id stands: pipelines ask the same about many people.

Two bodies that differ in nothing but an id between the same quotes differ in nothing but whom they ask about, so
whatever else was read from the one holds for the other. Where that place is can be told from bytes alone as long as
there is no backslash: then quotes only begin and end strings, `"performer"` before a colon is a member's name, and a
body that was read has each member once and no object inside another.
"""

import re
from typing import Final, NamedTuple, Self

from consent.check.question import Question
from consent.core.ids import is_id

_NAME: Final = b'"performer":"'
# The form of ids (`consent.core.ids`), here in bytes: nothing that would end the string that it stands in.
_PLACE: Final = re.compile(
    rb'"performer": ?"(prf_(?:[a-z2-7]{26}|test_[a-z0-9]{1,20}(?:_[a-z0-9]{1,20}){0,3}))"'
)


class Cut(NamedTuple):
    """A body without the id of the performer, and that id."""

    before: bytes
    performer: bytes
    after: bytes


def cut(body: bytes) -> Cut | None:
    """Take out what stands like a performer's id; None where nothing does. Whether it is one, `Form.of` knows."""
    found = _PLACE.search(body)
    if found is None:
        return None
    start, end = found.span(1)
    return Cut(body[:start], body[start:end], body[end:])


class Form:
    """What bodies that are cut alike have in common."""

    __slots__ = ("_after", "_before", "_livemode", "_question")

    def __init__(self, question: Question, *, before: bytes, after: bytes, livemode: bool) -> None:
        self._question = question
        self._before = before
        self._after = after
        self._livemode = livemode

    @classmethod
    def of(cls, body: bytes, parts: Cut, question: Question, *, livemode: bool) -> Self | None:
        """The form of a body that was read as `question`; None where bytes alone do not tell the blank."""
        performer = parts.performer.decode("ascii")
        if b"\\" in body or question.request.performer != performer or not is_id(performer, "prf"):
            return None
        before, _, after = question.asked_json.partition(_NAME + parts.performer + b'"')
        return cls(question, before=before + _NAME, after=b'"' + after, livemode=livemode)

    def filled(self, performer: bytes) -> Question:
        """The question about the performer with this id, as reading its whole body would make it."""
        return self._question.about(
            performer.decode("ascii"),
            asked_json=self._before + performer + self._after,
            livemode=self._livemode,
        )
