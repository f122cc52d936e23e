"""What the demo promises about itself: one readable sentence when something is not as it must be."""


class DemoError(Exception):
    """An expectation did not hold; the message is the sentence that the demo ends with."""


def expect(holds: bool, sentence: str) -> None:
    """Go on only if `holds`.

    Raises:
        DemoError: with `sentence`, which says what was expected and what was found.
    """
    if not holds:
        raise DemoError(sentence)


def expect_equal(what: str, *, got: object, expected: object) -> None:
    """Go on only if both are equal. Raises DemoError otherwise."""
    expect(got == expected, f"{what}: expected {expected}, got {got}.")
