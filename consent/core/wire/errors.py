"""The one error of requests: what was wrong, where, and what was expected."""


class WireError(ValueError):
    """A request breaks a rule; the API answers it as a problem (RFC 9457), never as a decision.

    `pointer` is a JSON pointer (RFC 6901) into the request, empty for the whole of it; `rule` names
    the rule broken; `code` is the problem code, stable and documented.
    """

    def __init__(self, pointer: str, rule: str, expected: str, got: str, code: str) -> None:
        super().__init__(f"{pointer or '/'}: {rule}: expected {expected}, got {got}")
        self.pointer = pointer
        self.rule = rule
        self.expected = expected
        self.got = got
        self.code = code

    def under(self, prefix: str) -> "WireError":
        """The same fault seen from an outer document, as of a row inside a batch."""
        return WireError(prefix + self.pointer, self.rule, self.expected, self.got, self.code)
