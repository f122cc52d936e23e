"""Without a key: a mail with two links, one to stop things now and one to begin with a new passkey."""

import contextlib
from datetime import timedelta

from django.db import transaction
from django.http import HttpResponse

from consent.registry.errors import NotFound
from consent.registry.models import OneUseLink
from consent.registry.notices import send_link_mail
from consent.registry.operations.links import LIVES, make_link
from consent.registry.operations.recovery import Recovering, find_by_email
from consent.web.page import Page
from consent.web.public.attempts import Attempts

MAX_MAILS_AN_HOUR = 3  # to one performer, whoever asks; counted by their links, so it holds for all processes
MAX_PEOPLE = 5  # who share one mailbox, on both sides
ANSWER_AFTER_S = 0.4  # the same for everybody: longer than what is done for an address that we know

_ASKED = Attempts(20)


def lost_key(page: Page) -> HttpResponse:
    """Ask for the address; the answer says the same whether we know it or not, and takes as long."""
    if not page.posted:
        return page.render("public/lost_key.html")
    if _ASKED.used_up(page.request):
        return page.render("public/too_many.html", status=429)
    _ASKED.note(page.request)
    log = page.ports.registry.log
    began = log.boot_clock()
    email = page.field("email", max_chars=254)
    if "@" not in email:
        return page.render("public/lost_key.html", status=422, email=email, fault=True)
    for person in find_by_email(page.ports.registry, email=email)[:MAX_PEOPLE]:
        with contextlib.suppress(NotFound):  # erased since we looked
            _mail(page, person)
    log.sleep(max(0.0, ANSWER_AFTER_S - (log.boot_clock() - began)))
    return page.render("public/lost_key_sent.html")


def _mail(page: Page, person: Recovering) -> None:
    ports = page.ports.registry
    now = ports.clock()
    with transaction.atomic():
        recent = OneUseLink.objects.filter(
            performer=person.performer, kind="stop", created_at__gt=now - timedelta(hours=1)
        )
        if recent.count() >= MAX_MAILS_AN_HOUR:
            return
        stop = make_link(ports, kind="stop", performer=person.performer)
        recover = make_link(ports, kind="recovery", performer=person.performer)
        send_link_mail(
            ports,
            livemode=person.livemode,
            performer=person.performer,
            expires_at=now + min(LIVES["stop"], LIVES["recovery"]),
            stop=f"{ports.origin}/stop/{stop}",
            recover=f"{ports.origin}/recover/{recover}",
        )
