"""What somebody new says about themselves: read from the form, each fault beside its field."""

import re
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from consent.core.markdown import is_visible
from consent.registry.queries.identity import ADULT_YEARS, is_adult
from consent.web.page import Page

OLDEST_YEARS = 130
MAX_LEGAL_NAME, MAX_STAGE_NAME, MAX_EMAIL, MAX_LABEL = 200, 120, 254, 100
# One @ with something on both sides and a dot behind it: the mail that we send is the real check.
_EMAIL = re.compile(r"[^@\s<>,;\"]{1,64}@[^@\s<>,;\"]+\.[^@\s<>,;\".]{2,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutYou:
    """The form as it came. `faults` are words by field; the names are nobody else's, so it does not print."""

    legal_name: str
    birth_date: date | None
    birth_date_text: str
    email: str
    stage_name: str
    label: str
    faults: dict[str, str]

    def __repr__(self) -> str:
        return "AboutYou()"


def empty(*, stage_name: str = "") -> AboutYou:
    """The form before anybody filled it in."""
    return AboutYou(
        legal_name="",
        birth_date=None,
        birth_date_text="",
        email="",
        stage_name=stage_name,
        label=_("My phone or computer"),
        faults={},
    )


def read_about_you(page: Page) -> AboutYou:
    """Read and check the form; being too young is no fault of the form."""
    faults: dict[str, str] = {}
    legal_name = _line(page, "legal_name", MAX_LEGAL_NAME, faults)
    stage_name = _line(page, "stage_name", MAX_STAGE_NAME, faults)
    label = _line(page, "label", MAX_LABEL, faults)
    email = page.field("email", max_chars=MAX_EMAIL + 1)
    if len(email) > MAX_EMAIL or not _EMAIL.fullmatch(email):
        faults["email"] = _("Write your whole address, such as name@example.org.")
    text = page.field("birth_date", max_chars=10)
    born = _date(text)
    today = page.now.date()
    if born is None or born >= today or born.year < today.year - OLDEST_YEARS:
        faults["birth_date"] = _("Give the day on which you were born.")
    return AboutYou(
        legal_name=legal_name,
        birth_date=born,
        birth_date_text=text,
        email=email,
        stage_name=stage_name,
        label=label,
        faults=faults,
    )


def youngest(on: date) -> date:
    """The last birthday with which somebody is 18 on that day."""
    last = date(on.year - ADULT_YEARS, on.month, min(on.day, 28))
    while is_adult(date.fromordinal(last.toordinal() + 1), on=on):
        last = date.fromordinal(last.toordinal() + 1)
    return last


def _line(page: Page, name: str, longest: int, faults: dict[str, str]) -> str:
    value = page.field(name, max_chars=longest + 1)
    if not value:
        faults[name] = _("Please fill this in.")
    elif len(value) > longest or not is_visible(value):
        faults[name] = _("This is too long, or has signs in it that cannot be seen. Please write it again.")
    return value


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None
