"""The one-use link of an operator. Looking at it uses nothing up: programs look at links before people do."""

from django.http import HttpResponse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from consent.registry.errors import CredentialTaken, Invalid, LinkSpent
from consent.registry.models import Operator
from consent.registry.operations.accounts import account_passkeys_of
from consent.registry.operations.admit_operator import admit_operator
from consent.registry.operations.links import read_link
from consent.web.page import Page
from consent.web.passkey_options import KnownPasskey
from consent.web.refusals import CeremonySpent, PasskeyRefused
from consent.web.registrations import ask_to_make, take_made
from consent.web.who import sign_in_operator

PURPOSE = "operator-link"


def link(page: Page, *, token: str) -> HttpResponse:
    """Say who you are, make a passkey on this origin, and begin."""
    found = read_link(page.ports.registry, kind="operator", token=token)
    if found is None or found.operator is None:
        return _spent(page)
    if not page.posted:
        return _ask(page, found.operator)
    name = page.field("name", max_chars=200)
    try:
        made = take_made(page, purpose=PURPOSE)
        admit_operator(
            page.ports.registry,
            token=token,
            expected_operator=made.content["operator"],
            display_name=name,
            registration=made.registration,
            user_handle=made.user_handle,
            label=_("Made on %(day)s") % {"day": date_format(page.now, "j F Y")},
        )
    except LinkSpent:
        return _spent(page)
    except Invalid as exc:
        words = _("Please write your name in one line.") if exc.pointer == "/display_name" else str(exc)
        return _ask(page, found.operator, name=name, error=words)
    except (CeremonySpent, CredentialTaken, PasskeyRefused):
        words = _("Your passkey could not be taken. Nothing was done. Please try again.")
        return _ask(page, found.operator, name=name, message=words)
    sign_in_operator(page.session, operator=found.operator, at=page.now)
    return page.to("/operator/identity")


def _spent(page: Page) -> HttpResponse:
    return page.render("public/refused.html", status=410, refusal="link_spent")


def _ask(
    page: Page, operator: str, *, name: str | None = None, error: str = "", message: str = ""
) -> HttpResponse:
    known = account_passkeys_of(operator=operator)
    if name is None:
        # A name that nobody said for themselves yet is not worth keeping in the field.
        name = Operator.objects.get(id=operator).display_name if known else ""
    question = ask_to_make(
        page,
        purpose=PURPOSE,
        name=_("Operator"),
        user_handle=known[0].user_handle if known else None,
        known=[KnownPasskey(webauthn_id=each.webauthn_id) for each in known if each.blocked_at is None],
        content={"operator": operator},
    )
    return page.render(
        "operator/link.html",
        status=422 if error or message else 200,
        passkey=True,
        question=question,
        name=name,
        error=error,
        message=message,
        known=bool(known),
    )
