"""The body of a rescission: the performer takes a signed grant back before it was active (SPEC §4.5)."""

from signing.bodies.about_grant import HOLDER, about_grant
from signing.canonical import JSON

_BODY = about_grant("rescission", "rescind", {"holder": HOLDER})


def check_rescission(body: dict[str, JSON]) -> None:
    """Refuse anything that is not the body of a rescission.

    Raises:
        MalformedError: with the pointer of the first member at fault.
    """
    _BODY(body, "")
