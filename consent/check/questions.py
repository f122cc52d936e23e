"""Reads the bodies of single checks, and remembers what was read: questions, never what was answered to them."""

import threading

from consent.check.caller import OrganizationCaller
from consent.check.plain_body import read_plain
from consent.check.question import Question
from consent.check.question_body import read_check
from consent.check.question_form import Cut, Form, cut

REMEMBERED = 4096  # questions of a process, some 3 kB each
REMEMBERED_BYTES = 1024  # of a body; a longer one is read anew each time
FORMS = 256  # of questions that many people are asked about


class Questions:
    """The same bytes of the same caller are the same question. Safe to share between threads.

    Two halves: what is asked with stays in the young one, which becomes the old one when it is full.
    """

    def __init__(self, *, limit: int = REMEMBERED) -> None:
        self._half = max(1, limit // 2)
        self.begin_anew()

    def begin_anew(self) -> None:
        """As in a new process: a forked child may have been left a lock that nobody will ever open."""
        self._lock = threading.Lock()
        self._young: dict[bytes, tuple[OrganizationCaller, Question]] = {}
        self._old: dict[bytes, tuple[OrganizationCaller, Question]] = {}
        self._forms: dict[tuple[bytes, bytes], tuple[OrganizationCaller, Form]] = {}

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def __contains__(self, body: bytes) -> bool:
        return body in self._young or body in self._old

    def read(self, body: bytes, *, caller: OrganizationCaller) -> Question:
        """The question that `caller`, whose standing context completes it, asks with these bytes; raises WireError."""
        kept = self._young.get(body)
        # The very caller: one whose key was changed is another object, and so is one of another organization.
        if kept is not None and kept[0] is caller:
            return kept[1]
        kept = self._old.get(body)
        if kept is not None and kept[0] is caller:
            question = kept[1]
        elif len(body) > REMEMBERED_BYTES:
            return _read(body, caller)
        else:
            question = self._formed(body, caller)
        if question.nonce is None:
            with self._lock:
                if len(self._young) >= self._half:
                    self._young, self._old = {}, self._young
                self._young[body] = (caller, question)
        return question

    def _formed(self, body: bytes, caller: OrganizationCaller) -> Question:
        """Read by the form that another body had before, or as a whole."""
        parts = cut(body)
        if parts is None:
            return _read(body, caller)
        kept = self._forms.get((parts.before, parts.after))
        if kept is not None and kept[0] is caller:
            return kept[1].filled(parts.performer)
        question = _read(body, caller)
        if question.nonce is None and question.at_least is None:
            self._keep(body, parts, question, caller)
        return question

    def _keep(self, body: bytes, parts: Cut, question: Question, caller: OrganizationCaller) -> None:
        form = Form.of(body, parts, question, livemode=caller.livemode)
        if form is None:
            return
        with self._lock:
            if len(self._forms) >= FORMS:
                self._forms = {}  # whoever asks in so many ways has no use for them
            self._forms[(parts.before, parts.after)] = (caller, form)


def _read(body: bytes, caller: OrganizationCaller) -> Question:
    return Question(read_plain(body) or read_check(body), caller=caller)
