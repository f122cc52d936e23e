"""Stopping without a key: fifteen minutes, a list to choose from, and nothing else.

Whoever holds the mailbox can come here, so it can only pause, and begin an ending that a passkey can still
cancel (DESIGN §10). It shows no text, no terms, no names but those of the companies.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpResponse

from consent.registry.answers import enforced
from consent.registry.errors import AlreadyEnded, StateConflict
from consent.registry.models import Grant, GrantHold
from consent.registry.operations.cancel_revocation import begin_revocation
from consent.registry.operations.end_on_session import suspend_all_on_session, suspend_on_session
from consent.registry.operations.links import link_opens, use_link
from consent.registry.queries.grants import grants_of_performer, wait_until_told
from consent.registry.queries.performer import pending_revocations
from consent.web.page import Page
from consent.web.public.attempts import Attempts
from consent.web.who import StopOnly, sign_in_to_stop

MAX_ROWS = 200  # in one list; "pause all" reaches every one

_WRONG_LINKS = Attempts(60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One consent as somebody without a key may see it."""

    grant: str
    company: str
    signed_at: datetime
    started: bool
    paused: bool
    may_pause: bool
    ends_at: datetime | None


def stop_link(page: Page, *, token: str) -> HttpResponse:
    """The mailed link. Looking at it uses nothing up; the button does."""
    if _WRONG_LINKS.used_up(page.request):
        return page.render("public/too_many.html", status=429)
    ports = page.ports.registry
    if not link_opens(ports, kind="stop", token=token):
        _WRONG_LINKS.note(page.request)
        return page.render("public/link_spent.html", status=410)
    if not page.posted:
        return page.render("public/stop_link.html")
    used = use_link(ports, kind="stop", token=token)
    assert used.performer is not None and used.livemode is not None  # one_use_link_for_whom
    sign_in_to_stop(page.session, performer=used.performer, livemode=used.livemode, at=page.now)
    return page.to("/stop")


def stop(page: Page, me: StopOnly) -> HttpResponse:
    """The list, and what its buttons do. Every answer is told only once it is enforced."""
    if not page.posted:
        rows = _rows(page, me)
        told = page.request.GET.get("told")
        return page.render(
            "public/stop.html",
            rows=rows[:MAX_ROWS],
            more=len(rows) > MAX_ROWS,
            pausable=any(row.may_pause for row in rows),
            livemode=me.livemode,
            # Only what was done in this very visit: an address alone says of nothing that it was stopped.
            told=told if told == page.session.get("told") else None,
            unstarted=any(not (row.started or row.ends_at) for row in rows),
        )
    ports = page.ports.registry
    grant = page.field("grant", max_chars=64)
    told = "paused"
    try:
        match page.field("do"):
            case "pause-all":
                suspend_all_on_session(ports, livemode=me.livemode, performer=me.performer, authority="link")
            case "pause":
                suspend_on_session(
                    ports, livemode=me.livemode, performer=me.performer, grant=grant, authority="link"
                )
            case "end":
                begun = begin_revocation(
                    ports, livemode=me.livemode, performer=me.performer, grant=grant, authority="link"
                )
                enforced(begun.written, ports)
                told = "ending"
            case _:
                told = ""
    except AlreadyEnded:
        told = "ended"
    except StateConflict:
        told = "unchanged"
    page.session["told"] = told
    return page.to(f"/stop?told={told}" if told else "/stop")


def _rows(page: Page, me: StopOnly) -> Sequence[Row]:
    standing = grants_of_performer(me.performer).filter(state__in=("signed", "active", "suspended"))
    grants: list[Grant] = list(standing.select_related("organization")[: MAX_ROWS + 1])
    wait_until_told(grants, page.ports.registry)
    own = GrantHold.objects.filter(
        grant__in=[each.id for each in grants], holder="performer", lifted_at=None
    ).values_list("grant_id", flat=True)
    paused = set(own)
    ends = {each.grant_id: each.due_at for each in pending_revocations(me.performer)}
    return [
        Row(
            grant=each.id,
            company=each.organization.legal_name,
            signed_at=each.signed_at,
            started=each.state != "signed",
            paused=each.id in paused,
            may_pause=each.id not in paused and each.state != "signed",
            ends_at=ends.get(each.id),
        )
        for each in grants
    ]
