"""The body of a suspension: the performer puts a hold on a grant (SPEC §4.5)."""

from signing.bodies.about_grant import HOLDER, about_grant
from signing.canonical import JSON

_BODY = about_grant("suspension", "pause", {"holder": HOLDER})


def check_suspension(body: dict[str, JSON]) -> None:
    """Refuse anything that is not the body of a suspension.

    Raises:
        MalformedError: with the pointer of the first member at fault.
    """
    _BODY(body, "")
