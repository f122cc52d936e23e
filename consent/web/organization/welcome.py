"""`/m/<token>`: a member comes in for the first time, or with a new device, and makes a passkey.

Looking at the page uses nothing up; the link is used when the passkey was made. Members' passkeys are made on
the main origin and live in a table of their own: they open these pages and can never sign a statement.
"""

from django.db import transaction
from django.http import HttpResponse
from django.utils.translation import gettext as _

from consent.registry.errors import Invalid, LinkSpent
from consent.registry.models import Member
from consent.registry.operations.accounts import account_passkeys_of, register_account_passkey
from consent.registry.operations.links import read_link, use_link
from consent.web.page import Page
from consent.web.passkey_options import KnownPasskey
from consent.web.refusals import CeremonySpent, PasskeyRefused
from consent.web.registrations import Made, ask_to_make, take_made
from consent.web.who import sign_in_member

PURPOSE = "member"
MAX_LABEL = 100


def welcome(page: Page, *, token: str) -> HttpResponse:
    """Who invites, in which role, and the passkey; then straight to the organization's pages."""
    found = read_link(page.ports.registry, kind="member", token=token)
    if found is None or found.member is None:
        raise LinkSpent("this link does not open anything any more")
    member = Member.objects.select_related("organization").get(id=found.member)
    if not page.posted:
        return _ask(page, member)
    label = page.field("label", max_chars=MAX_LABEL + 1)
    try:
        made = take_made(page, purpose=PURPOSE)
        if made.content["member"] != member.id:
            raise CeremonySpent("asked for somebody else")
        _keep(page, member, made, label=label, token=token)
    except Invalid as exc:
        if exc.pointer != "/label":
            raise
        return _ask(page, member, label=label, error=_("Write a short name for this device."))
    except (CeremonySpent, PasskeyRefused) as exc:
        reason = exc.reason if isinstance(exc, PasskeyRefused) else "ceremony"
        return _ask(page, member, label=label, refusal=reason)
    sign_in_member(page.session, member=member.id, at=page.now)
    return page.to("/org")


def _ask(
    page: Page, member: Member, *, label: str | None = None, error: str = "", refusal: str = ""
) -> HttpResponse:
    known = account_passkeys_of(member=member.id)
    question = ask_to_make(
        page,
        purpose=PURPOSE,
        name=f"{member.display_name} · {member.organization.legal_name}",
        user_handle=known[0].user_handle if known else None,
        known=[KnownPasskey(webauthn_id=each.webauthn_id) for each in known if each.blocked_at is None],
        content={"member": member.id},
    )
    return page.render(
        "organization/welcome.html",
        status=422 if error or refusal else 200,
        passkey=True,
        question=question,
        company=member.organization,
        member=member,
        label=_("My device") if label is None else label,
        error=error,
        refusal=refusal,
        again=bool(known),
    )


def _keep(page: Page, member: Member, made: Made, *, label: str, token: str) -> None:
    """The passkey and the used link, or neither."""
    ports = page.ports.registry
    with transaction.atomic():
        used = use_link(ports, kind="member", token=token)
        register_account_passkey(
            ports,
            member=used.member,
            registration=made.registration,
            user_handle=made.user_handle,
            label=label,
        )
