"""A form that counts once: reloading the answer, or a second click, does nothing again.

What such a form answers (a secret, a link) is shown in that one answer and kept nowhere.
"""

from consent.web import ceremonies
from consent.web.page import Page
from consent.web.refusals import CeremonySpent


def once(page: Page, purpose: str) -> str:
    """The value of the form's hidden field `ceremony`."""
    return ceremonies.begin(page, purpose, content={}).id


def is_first(page: Page, purpose: str) -> bool:
    """Whether this form came from a page of this browser, in time, and for the first time."""
    try:
        ceremonies.finish(page, purpose)
    except CeremonySpent:
        return False
    return True
