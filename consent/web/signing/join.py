"""Joining: one page that asks who you are and makes your first passkey, all of it or nothing."""

from contextlib import suppress

from django.http import HttpResponse
from django.utils.translation import gettext as _

from consent.registry.errors import CredentialTaken, InvitationSpent, StateConflict
from consent.registry.operations.choices import save_choice
from consent.registry.operations.enrol_passkey import EnrolledByPasskey, enrol_passkey_performer
from consent.registry.queries.identity import is_adult
from consent.registry.queries.invitations import InvitationView, read_invitation
from consent.web.handoffs import Task, current_task
from consent.web.offer_words import language_for
from consent.web.page import Page
from consent.web.public.qr import qr_code
from consent.web.refusals import CeremonySpent, HandOffSpent, PasskeyRefused
from consent.web.registrations import USER_HANDLE_BYTES, Made, ask_to_make, take_made
from consent.web.signing.about_you import AboutYou, empty, read_about_you, youngest
from consent.web.who import SignedInPerformer, sign_in_performer
from signing.encoding import b64u, unb64u

PURPOSE = "join"
VISIT_S = 30 * 60


def join(page: Page) -> HttpResponse:
    """Show the form, or take it with the passkey that came with it.

    The passkey is made after the browser has checked the form; what it could not check is checked before
    anything is kept. A fault shows the form again with everything in it but the passkey.
    """
    task = current_task(page, "join")
    if isinstance(page.who, SignedInPerformer):
        return page.to("/join/safe")  # this form was sent already; somebody came back to it
    code = str(task.content["code"])
    found = read_invitation(page.ports.registry, code=code)
    if found is None:
        return page.render("signing/join_taken.html", status=410)
    if not page.posted:
        return _ask(page, found, empty(stage_name=found.performer_name), code=code)
    about = read_about_you(page)
    if about.faults:
        return _ask(page, found, about, code=code)
    assert about.birth_date is not None  # read_about_you: a date that is missing is a fault
    if not is_adult(about.birth_date, on=page.now.date()):
        page.session.flush()
        return page.render("signing/join_too_young.html", status=403)
    return _enrol(page, found, about, code=code)


def _enrol(page: Page, found: InvitationView, about: AboutYou, *, code: str) -> HttpResponse:
    try:
        made = take_made(page, purpose=PURPOSE)
        enrolled = _keep(page, found, about, made, code=code)
    except InvitationSpent:
        return page.render("signing/join_taken.html", status=410)
    except (CredentialTaken, PasskeyRefused, CeremonySpent) as exc:
        return _ask(page, found, about, code=code, message=_again(exc))
    _keep_choice(page, found, enrolled)
    page.session.pop("handle", None)
    sign_in_performer(
        page.session,
        performer=enrolled.performer,
        livemode=found.livemode,
        credential=enrolled.thumbprint,
        at=page.now,
    )
    # The visit goes on as somebody now, with a new cookie; the code has done its work and is forgotten.
    page.session["task"] = {"task": "join", "subject": "", "content": {"name": about.stage_name}}
    page.session.set_expiry(VISIT_S)
    return page.to("/join/safe")


def _again(exc: Exception) -> str:
    """Why the passkey has to be made again; what was written stands in the form."""
    if isinstance(exc, CredentialTaken):
        return _("This passkey is known already. If it is yours, sign in with it.")
    if isinstance(exc, CeremonySpent):
        return _(
            "That took more than ten minutes, or was sent twice. Nothing was kept. Please make your passkey again."
        )
    return _("Your passkey did not arrive whole. Nothing was kept. Please make it again.")


def _keep(page: Page, found: InvitationView, about: AboutYou, made: Made, *, code: str) -> EnrolledByPasskey:
    assert about.birth_date is not None
    return enrol_passkey_performer(
        page.ports.registry,
        livemode=found.livemode,
        registration=made.registration,
        user_handle=made.user_handle,
        transports=made.transports,
        legal_name=about.legal_name,
        birth_date=about.birth_date,
        email=about.email,
        stage_names=[about.stage_name],
        label=about.label,
        code=code,
    )


def _keep_choice(page: Page, found: InvitationView, enrolled: EnrolledByPasskey) -> None:
    """What this person's own form said, over whatever others who have the link sent until now."""
    lines = current_task(page, "join").content.get("lines")
    if lines is None or enrolled.offer is None:
        return
    with suppress(StateConflict):  # it was taken back a moment ago: the request's page says so
        save_choice(
            page.ports.registry,
            offer=enrolled.offer,
            performer=enrolled.performer,
            lines=lines,
            language=language_for(found.terms, found.language),
        )


def _ask(page: Page, found: InvitationView, about: AboutYou, *, code: str, message: str = "") -> HttpResponse:
    question = ask_to_make(
        page, purpose=PURPOSE, name=about.stage_name or _("Performer"), user_handle=_handle(page)
    )
    address = f"{page.ports.origins.main}/i/{code}"  # this page opens for this visit only
    return page.render(
        "signing/join.html",
        status=422 if message or about.faults else 200,
        passkey=True,
        question=question,
        about=about,
        message=message,
        asks=found.organization.legal_name,
        livemode=found.livemode,
        address=address,
        qr=qr_code(address),
        youngest=youngest(page.now.date()).isoformat(),
    )


def _handle(page: Page) -> bytes:
    """The same handle for every try of this visit, so that a device replaces what an earlier try left on it."""
    kept = page.session.get("handle")
    if kept is None:
        kept = page.session["handle"] = b64u(page.ports.registry.log.random(USER_HANDLE_BYTES))
    return unb64u(kept)


def joined(page: Page) -> tuple[SignedInPerformer, Task]:
    """Who has just joined in this browser.

    Raises:
        HandOffSpent: nobody.
    """
    task = current_task(page, "join")
    if not isinstance(page.who, SignedInPerformer):
        raise HandOffSpent("nobody joined in this browser")
    return page.who, task
