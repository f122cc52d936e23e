"""A completed question with all that follows from its bytes and its caller alone."""

import hashlib
from collections.abc import Sequence
from copy import copy
from typing import Self

from consent.check.caller import OrganizationCaller
from consent.check.cells import SubjectCell, SubjectName, names_of
from consent.core.asked import Asked
from consent.core.complete import complete
from consent.core.facts import Facts
from consent.core.ids import is_id
from consent.core.wire.check import CheckRequest


class Question:
    """What one caller asks. `asked_json` are the RFC 8785 bytes of the completed form, `digest` their SHA-256, hex;
    `performers` are those named by `prf_…`, `names` the cells in memory that hold its facts."""

    __slots__ = (
        "_about",
        "asked",
        "asked_json",
        "at_least",
        "digest",
        "names",
        "nonce",
        "performers",
        "request",
    )

    def __init__(self, request: CheckRequest, *, caller: OrganizationCaller) -> None:
        """Complete a typed request; raises WireError as `complete` does."""
        self.request = request
        self.asked: Asked = complete(request, caller.context, caller=caller.organization)
        self.at_least = request.at_least if isinstance(request.at_least, str) else None
        self.nonce = request.nonce if isinstance(request.nonce, str) else None
        self.asked_json = self.asked.canonical()
        self.digest = hashlib.sha256(self.asked_json).hexdigest()
        self.performers = [each for each in self.asked.performers if is_id(each, "prf")]
        self.names: Sequence[SubjectName] = names_of(self.asked, livemode=caller.livemode)
        self._about: tuple[Sequence[object], Facts] | None = None

    def about(self, performer: str, *, asked_json: bytes, livemode: bool) -> Self:
        """The same about another performer, named by an id as this one is; `asked_json` is its completed form."""
        made = object.__new__(type(self))
        made.request, made.at_least, made.nonce = copy(self.request), self.at_least, self.nonce
        made.request.performer = performer
        made.asked, made.performers = self.asked.about(performer), [performer]
        made.asked_json = asked_json
        made.digest = hashlib.sha256(asked_json).hexdigest()
        made.names = names_of(made.asked, livemode=livemode)
        made._about = None
        return made

    def facts(self, cells: Sequence[object], caller: OrganizationCaller) -> Facts:
        """The facts that these cells, in the order of `names`, hold about it; made once for the same cells."""
        about = self._about
        if about is not None and len(about[0]) == len(cells):
            for one, other in zip(about[0], cells, strict=True):
                if one is not other:
                    break
            else:
                return about[1]
        made = facts_of(self.asked, cells, caller)
        self._about = (cells, made)
        return made


def facts_of(asked: Asked, cells: Sequence[object], caller: OrganizationCaller) -> Facts:
    """The facts of one question from its cells, in the order of its subjects."""
    found = []
    for cell in cells:
        assert isinstance(cell, SubjectCell)
        if cell.facts is not None:
            found.append(cell.facts)
    return Facts(
        livemode=caller.livemode,
        caller=asked.caller,
        licensee=asked.on_behalf_of or asked.caller,
        capabilities=caller.capabilities,
        subjects=tuple(found),
        persona=None,
        model=None,
        selector_found=asked.persona is None and asked.model is None and (asked.grant is None or bool(found)),
    )
