"""After joining: a second passkey and a sheet of paper, so that one lost phone locks nobody out."""

from django.http import HttpResponse
from django.utils.translation import gettext as _

from consent.registry.errors import CredentialTaken, Invalid, StateConflict
from consent.registry.operations.enrol_passkey import add_pending_passkey
from consent.registry.operations.passkeys import passkeys_of
from consent.registry.operations.recovery import has_recovery_code, make_recovery_code
from consent.web.handoffs import Task, to_main
from consent.web.page import Page
from consent.web.passkey_options import KnownPasskey
from consent.web.refusals import CeremonySpent, PasskeyRefused
from consent.web.registrations import ask_to_make, take_made
from consent.web.signing.join import joined
from consent.web.who import SignedInPerformer

PURPOSE = "join-second"
MAX_PASSKEYS = 10


def join_safe(page: Page) -> HttpResponse:
    """Offer both; neither has to be taken."""
    me, task = joined(page)
    if not page.posted:
        return _show(page, me, task)
    match page.field("do"):
        case "go":
            return to_main(
                page,
                "/wait",
                signs_in={
                    "performer": str(me.performer),
                    "livemode": me.livemode,
                    "credential": me.credential,
                },
            )
        case "sheet":
            code = make_recovery_code(page.ports.registry, performer=me.performer)
            return page.render("performer/sheet.html", code=code, made_on=page.now, back="/join/safe")
        case _:
            return _second(page, me, task)


def _second(page: Page, me: SignedInPerformer, task: Task) -> HttpResponse:
    known = passkeys_of(me.performer)
    try:
        made = take_made(page, purpose=PURPOSE)
        if len(known) >= MAX_PASSKEYS:
            raise StateConflict("enough passkeys for the beginning")
        add_pending_passkey(
            page.ports.registry,
            livemode=me.livemode,
            performer=me.performer,
            registration=made.registration,
            user_handle=made.user_handle,
            transports=made.transports,
            label=page.field("label", max_chars=100) or _("My second passkey"),
        )
    except StateConflict:
        return _show(
            page,
            me,
            task,
            message=_("Your identity was checked meanwhile. Add further passkeys under “Keys”."),
        )
    except CredentialTaken:
        return _show(
            page, me, task, message=_("This passkey is known already. Use another device for the second one.")
        )
    except (PasskeyRefused, CeremonySpent, Invalid):
        return _show(page, me, task, message=_("Your passkey did not arrive whole. Please make it again."))
    return page.to("/join/safe")


def _show(page: Page, me: SignedInPerformer, task: Task, *, message: str = "") -> HttpResponse:
    known = passkeys_of(me.performer)
    question = ask_to_make(
        page,
        purpose=PURPOSE,
        name=str(task.content.get("name") or _("Performer")),
        user_handle=known[0].user_handle,
        known=[KnownPasskey(webauthn_id=each.webauthn_id, transports=each.transports) for each in known],
    )
    return page.render(
        "signing/join_safe.html",
        status=422 if message else 200,
        passkey=True,
        question=question,
        keys=known,
        sheet=has_recovery_code(me.performer),
        message=message,
    )
