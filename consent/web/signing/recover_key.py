"""Recovery's one step on the signing origin: a new passkey, for which a new identity check comes."""

from django.http import HttpResponse
from django.utils.translation import gettext as _

from consent.registry.errors import CredentialTaken, RecoveryCodeSpent
from consent.registry.operations.begin_recovery import begin_recovery, recovery_opens
from consent.registry.operations.enrol_passkey import add_pending_passkey
from consent.registry.operations.recovery import Recovering
from consent.web.handoffs import current_task, to_main
from consent.web.page import Page
from consent.web.refusals import CeremonySpent, PasskeyRefused
from consent.web.registrations import Made, ask_to_make, take_made
from consent.web.signing.unknown_key import require_unknown

PURPOSE = "recover"


def recover_key(page: Page) -> HttpResponse:
    """Make the passkey; the code or link that led here is used up with it."""
    name = str(current_task(page, "recover").content["name"])
    if not recovery_opens(page.ports.registry, name=name):
        return page.render("public/link_spent.html", status=410)
    if not page.posted:
        return _ask(page)
    try:
        made = take_made(page, purpose=PURPOSE)
        require_unknown(made)
        mine = _keep(page, name, made)
    except CredentialTaken:
        return _ask(page, message=_("This passkey is known already. Make a new one."))
    except (PasskeyRefused, CeremonySpent):
        return _ask(page, message=_("Your passkey did not arrive whole. Please make it again."))
    except RecoveryCodeSpent:
        return page.render("public/link_spent.html", status=410)
    page.session.pop("task", None)
    return to_main(
        page,
        "/wait",
        signs_in={
            "performer": str(mine.performer),
            "livemode": mine.livemode,
            "credential": made.registration.public_key.thumbprint,
        },
    )


def _keep(page: Page, name: str, made: Made) -> Recovering:
    """Use the code or link up, then keep the key.

    Crash between the two: it is spent and nothing else happened; a mailed link brings another.
    """
    label = page.field("label", max_chars=100) or _("My new passkey")
    mine = begin_recovery(page.ports.registry, name=name)
    add_pending_passkey(
        page.ports.registry,
        livemode=mine.livemode,
        performer=mine.performer,
        registration=made.registration,
        user_handle=made.user_handle,
        transports=made.transports,
        label=label,
        recovering=True,
    )
    return mine


def _ask(page: Page, *, message: str = "") -> HttpResponse:
    # A new handle: whose account it is shows only once the code was used, and then it is theirs.
    question = ask_to_make(page, purpose=PURPOSE, name=_("Performer"))
    return page.render(
        "signing/recover_key.html",
        status=422 if message else 200,
        passkey=True,
        question=question,
        message=message,
    )
