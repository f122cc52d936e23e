"""The body of a confirmation: the second yes that adult tiers need, hours later (SPEC §4.5)."""

from signing.bodies.about_grant import HOLDER, about_grant
from signing.canonical import JSON

_BODY = about_grant("confirmation", "confirm", {"holder": HOLDER})


def check_confirmation(body: dict[str, JSON]) -> None:
    """Refuse anything that is not the body of a confirmation.

    Raises:
        MalformedError: with the pointer of the first member at fault.
    """
    _BODY(body, "")
