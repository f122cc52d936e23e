"""From one origin to the other, and back: a ticket that works once, for a minute, in one browser.

Cookies of the two origins know nothing of each other, so a redirect carries a ticket. It is bound to the
session that asked for it and to one task with its subject. Browsers say where a navigation began
(Fetch Metadata, `Sec-Fetch-Site`); a ticket that arrives from another site, or is pasted from a mail, is
refused and used up.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.utils import timezone

from consent.web.models import HandOff, Session
from consent.web.origins import Place
from consent.web.page import Page
from consent.web.refusals import HandOffSpent
from consent.web.sessions import session_id
from consent.web.who import SignedInPerformer, performer_content

LIFE = timedelta(seconds=60)
TASK_LIFE_S = 30 * 60  # how long the signing origin remembers what somebody came for
_OURS = frozenset({"same-origin", "same-site"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What somebody came to the signing origin for. `subject` is an offer, a grant, or empty; `content` what the
    task needs besides, such as an invitation's code."""

    name: str
    subject: str
    content: dict[str, Any]


def to_signing(page: Page, task: str, *, subject: str = "", **content: Any) -> HttpResponse:
    """Send the browser to the signing origin for one task. The signed-in performer goes with it."""
    who = performer_content(page.who) if isinstance(page.who, SignedInPerformer) else None
    ticket = _issue(page, Place.SIGNING, {"task": task, "subject": subject, "content": content, "who": who})
    return page.to(f"/h/{ticket}", place=Place.SIGNING)


def to_main(page: Page, address: str, *, signs_in: dict[str, Any]) -> HttpResponse:
    """Send the browser back to the main origin, signed in there: `signs_in` are performer, livemode, credential."""
    ticket = _issue(page, Place.MAIN, {"address": address, "signs_in": signs_in})
    return page.to(f"/r/{ticket}", place=Place.MAIN)


def take(page: Page, ticket: str) -> dict[str, Any]:
    """What a ticket to this origin says; it is used up, whoever brought it.

    Raises:
        HandOffSpent: unknown, used, late, from another site, or from a session that has ended.
    """
    digest = _digest(ticket)
    row = HandOff.objects.filter(digest=digest, to=page.place.value).first()
    taken = row is not None and HandOff.objects.filter(digest=digest).delete()[0] == 1
    site = page.request.headers.get("Sec-Fetch-Site")
    if row is None or not taken or (site is not None and site not in _OURS):
        raise HandOffSpent("this ticket does not work")
    now = timezone.now()
    asked_by = Session.objects.filter(session_key=row.session, expire_date__gt=now)
    if row.expires_at <= now or not asked_by.exists():
        raise HandOffSpent("this ticket does not work")
    return dict(row.content)


def begin_task(page: Page, content: dict[str, Any]) -> Task:
    """Begin a new session of the signing origin with what a ticket said."""
    session = page.session
    session.flush()
    who = content["who"]
    if who is not None:
        session["who"] = who
        session["subject"] = f"performer:{who['performer']}"
        session["began"] = session["seen"] = page.now.timestamp()
    session["task"] = {name: content[name] for name in ("task", "subject", "content")}
    session.set_expiry(TASK_LIFE_S)
    return _task(session["task"])


def current_task(page: Page, name: str, *, subject: str = "") -> Task:
    """What this browser came to the signing origin for.

    Raises:
        HandOffSpent: for nothing, or for something else.
    """
    kept = page.session.get("task")
    if kept is None or (kept["task"], kept["subject"]) != (name, subject):
        raise HandOffSpent("this browser came here for something else")
    return _task(kept)


def _task(kept: dict[str, Any]) -> Task:
    return Task(name=kept["task"], subject=kept["subject"], content=dict(kept["content"]))


def _issue(page: Page, to: Place, content: dict[str, Any]) -> str:
    ticket = secrets.token_urlsafe(32)
    HandOff.objects.create(
        digest=_digest(ticket),
        to=to.value,
        session=session_id(page.session),
        content=content,
        expires_at=timezone.now() + LIFE,
    )
    return ticket


def _digest(ticket: str) -> str:
    return hashlib.sha256(b"consent-registry/hand-off/v1\x00" + ticket.encode()).hexdigest()
