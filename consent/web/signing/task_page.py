"""A page of the signing origin: one performer, one task that they came for by a one-use ticket."""

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpResponse

from consent.registry.operations.passkeys import FoundPasskey, passkeys_of
from consent.web.handoffs import current_task
from consent.web.origins import Place
from consent.web.page import DjangoView, Page, open_page
from consent.web.passkey_options import KnownPasskey
from consent.web.ports import WebPorts
from consent.web.refusals import HandOffSpent
from consent.web.who import SignedInPerformer


def task_page(
    ports: WebPorts,
    task: str,
    view: Callable[..., HttpResponse],
    *,
    subject: str = "",
    methods: tuple[str, ...] = ("GET", "POST"),
) -> DjangoView:
    """`view(page, me, **captured)` for a browser that came for `task`; `subject` names the captured id.

    A task that was done sends the browser on to where its result stands: a second click, going back and
    loading again all end up there.
    """

    @wraps(view)
    def check(page: Page, **captured: Any) -> HttpResponse:
        about = str(captured[subject]) if subject else ""
        done = page.session.get("done", {}).get(f"{task} {about}")
        if done is not None:
            return page.to(done, place=Place.MAIN)
        current_task(page, task, subject=about)
        if not isinstance(page.who, SignedInPerformer):
            raise HandOffSpent("whoever came for this is signed in no more")
        return view(page, page.who, **captured)

    return open_page(ports, check, place=Place.SIGNING, methods=methods)


def finished(page: Page, task: str, address: str, *, subject: str = "") -> HttpResponse:
    """The task is done: nothing more can be signed for it here; its result stands at `address`."""
    page.session.pop("task", None)
    page.session["done"] = {f"{task} {subject}": address}
    return page.to(address, place=Place.MAIN)


def purpose_of(task: str, subject: str = "") -> str:
    """What a question is asked for: the task and its subject, in at most 32 characters."""
    return f"{task}:{hashlib.sha256(subject.encode()).hexdigest()[:16]}"


def own_passkeys(me: SignedInPerformer) -> list[FoundPasskey]:
    """The passkeys that may be asked, first the one that this person came in with."""
    found = [key for key in passkeys_of(me.performer) if key.state == "active"]
    return sorted(found, key=lambda key: key.thumbprint != me.credential)


def as_known(key: FoundPasskey) -> KnownPasskey:
    """A passkey as the browser is asked for it."""
    return KnownPasskey(webauthn_id=key.webauthn_id, transports=key.transports)
