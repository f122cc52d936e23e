"""Questions completed once and asked many times. Completed forms are kept, decisions never."""

from collections.abc import Mapping

from msgspec.structs import replace

from consent.client.answers import typed_question
from consent.client.asking import build_asking
from consent.client.local.picture import CallerFacts
from consent.core.asked import Asked
from consent.core.complete import complete

MAX_FORMS = 20_000  # completed questions, some 1 kB each


class Forms:
    """Completed forms for one key's standing context; the caller holds the lock. Another context begins anew."""

    def __init__(self) -> None:
        self._caller: CallerFacts | None = None
        self._kept: dict[object, Asked] = {}

    def of(self, question: Mapping[str, object], caller: CallerFacts) -> Asked:
        """The question completed as the registry completes it.

        Raises:
            ConfigurationError, BadRequest: what the registry would refuse.
        """
        if caller is not self._caller:
            self._kept.clear()
            self._caller = caller
        # With the types: True and 1 are one key to a dictionary, and only one of them is a question.
        key = (tuple(question.items()), tuple(map(type, question.values())))
        try:
            found = self._kept.get(key)
        except TypeError:  # a list is no key
            return completed(question, caller)
        if found is None:
            found = completed(question, caller)
            if len(self._kept) >= MAX_FORMS:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = found
        return found


class PerformerForms:
    """One question, completed for each performer that it is asked of; the caller holds the lock. `own`: it is asked
    for one's own organization."""

    def __init__(self, question: Mapping[str, object]) -> None:
        self._question = dict(question)
        self._template: Asked | None = None
        self.own = question.get("on_behalf_of") is None
        self.caller: CallerFacts | None = None
        self.kept: dict[str, Asked] = {}

    def of(self, performer: str, caller: CallerFacts) -> Asked:
        """The question about this performer, as `Forms.of`."""
        if caller is not self.caller:
            self.kept.clear()
            self.caller, self._template = caller, None
        found = self.kept.get(performer)
        if found is not None:
            return found
        if self._template is None:
            found = self._template = completed({**self._question, "performer": performer}, caller)
        else:
            named = completed({"performer": performer, "use": self._template.use}, _NOBODY)
            found = replace(self._template, performers=named.performers)
        if len(self.kept) >= MAX_FORMS:
            del self.kept[next(iter(self.kept))]
        self.kept[performer] = found
        return found


def completed(question: Mapping[str, object], caller: CallerFacts) -> Asked:
    """The completed form, made now."""
    return complete(typed_question(build_asking(question)), caller.context, caller=caller.organization)


_NOBODY = CallerFacts.nobody()
