"""The body of a resumption: the performer lifts their own hold, and no other (SPEC §4.5)."""

from signing.bodies.about_grant import HOLDER, about_grant
from signing.canonical import JSON

_BODY = about_grant("resumption", "resume", {"holder": HOLDER})


def check_resumption(body: dict[str, JSON]) -> None:
    """Refuse anything that is not the body of a resumption.

    Raises:
        MalformedError: with the pointer of the first member at fault.
    """
    _BODY(body, "")
