"""A completed question with all that follows from its bytes and its caller alone."""

import hashlib
import threading
from collections.abc import Sequence

from consent.check.caller import OrganizationCaller
from consent.check.cells import SubjectCell, SubjectName, names_of
from consent.check.plain_body import read_plain
from consent.check.question_body import read_check
from consent.core.asked import Asked
from consent.core.complete import complete
from consent.core.facts import Facts
from consent.core.ids import is_id
from consent.core.wire.check import CheckRequest

REMEMBERED = 4096  # questions of a process, some 4 kB each
REMEMBERED_BYTES = 1024  # of a body; a longer one is read anew each time


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


class Questions:
    """Reads the bodies of single checks. The same bytes of the same caller are the same question, so the youngest are
    remembered; what is answered to them never is. Safe to share between threads."""

    def __init__(self, *, limit: int = REMEMBERED) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._remembered: dict[bytes, tuple[OrganizationCaller, Question]] = {}

    def read(self, body: bytes, *, caller: OrganizationCaller) -> Question:
        """The question that `caller`, whose standing context completes it, asks with these bytes; raises WireError."""
        kept = self._remembered.get(body)
        # The very caller: one whose key was changed is another object, and so is one of another organization.
        if kept is not None and kept[0] is caller:
            return kept[1]
        question = Question(read_plain(body) or read_check(body), caller=caller)
        if question.nonce is None and len(body) <= REMEMBERED_BYTES:
            with self._lock:
                if body not in self._remembered and len(self._remembered) >= self._limit:
                    del self._remembered[next(iter(self._remembered))]
                self._remembered[body] = (caller, question)
        return question

    def begin_anew(self) -> None:
        """As in a new process: a forked child may have been left a lock that nobody will ever open."""
        self._lock = threading.Lock()
        self._remembered = {}


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
