"""The one error tree of this package: whatever comes in, only these come out."""


def _printable(text: str) -> str:
    """The text with each lone surrogate as U+FFFD: faults quote what came in, and must fit into an answer."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


class SigningError(Exception):
    """Base of every error that `signing` raises for input it does not accept."""


class MalformedError(SigningError):
    """The bytes are not in the one form that this package prints.

    `pointer` is an RFC 6901 JSON pointer to the offending member ("" is the whole document), `rule` a stable
    snake_case name of the rule that was broken, `expected` what would have been accepted.
    """

    def __init__(
        self, message: str, *, pointer: str = "", rule: str = "malformed", expected: str = ""
    ) -> None:
        self.message = _printable(message)
        self.pointer = _printable(pointer)
        super().__init__(f"{self.pointer}: {self.message}" if pointer else self.message)
        self.rule = rule
        self.expected = expected

    def under(self, prefix: str) -> "MalformedError":
        """The same fault as seen from a document that holds this one at `prefix`."""
        return MalformedError(
            self.message, pointer=prefix + self.pointer, rule=self.rule, expected=self.expected
        )


class SignatureError(SigningError):
    """The signature does not fit the bytes, the key or the purpose."""


class UntrustedError(SigningError):
    """Well signed, but not by somebody who may: unknown key, wrong role or side, outside its validity."""
