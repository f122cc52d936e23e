"""One fault of an offer: where, which rule, what was expected; the API answers it as a problem's error."""

from dataclasses import dataclass

from consent.core.term_error import TermError


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferFault:
    """`pointer` is a JSON pointer into the terms; `code` a stable problem code."""

    pointer: str
    rule: str
    expected: str
    got: str
    code: str

    @classmethod
    def of(cls, error: TermError, code: str) -> "OfferFault":
        """The fault that a strict reader found."""
        return cls(pointer=error.pointer, rule=error.rule, expected=error.expected, got=error.got, code=code)
