"""Signing one's limits: each version names the one before, and says in plain words what nobody may ever do."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _

from consent.core.statement_bodies import limits_body
from consent.core.statement_texts import limits_text
from consent.registry.errors import LimitsVersionConflict
from consent.registry.queries.performer import CurrentLimits, current_limits
from consent.registry.stored_json import to_bytes
from consent.web.handoffs import current_task
from consent.web.page import Page
from consent.web.performer.limits import sentence
from consent.web.shown_text import shown_text
from consent.web.signatures import ask_for_signature, take_signature
from consent.web.signing.asking import AGAIN, keys_to_ask, try_again
from consent.web.signing.task_page import as_known, finished, purpose_of
from consent.web.who import SignedInPerformer

THEN = "/limits?saved"


def sign_limits(page: Page, me: SignedInPerformer) -> HttpResponse:
    """Show the limits that were chosen, and ask for the signature."""
    if not page.posted:
        return _ask(page, me)
    try:
        take_signature(page, me, purpose=purpose_of("limits"))
    except LimitsVersionConflict:
        return _ask(page, me, fault=_("Your limits were changed meanwhile. Read these again."), status=409)
    except AGAIN as exc:
        return _ask(page, me, fault=try_again(exc), status=409)
    return finished(page, "limits", THEN)


def _ask(page: Page, me: SignedInPerformer, *, fault: str = "", status: int = 200) -> HttpResponse:
    never: Sequence[Mapping[str, Any]] = current_task(page, "limits").content["never"]
    now = current_limits(page.ports.registry, performer=me.performer)
    keys = keys_to_ask(page, me, loosens=_loosens(now, never))
    back = page.ports.origins.main + "/limits"
    if keys.chosen is None:
        return page.render("signing/key_waits.html", keys=keys, back=back)
    body = limits_body(
        never,
        version=now.version + 1,
        previous_sha256=now.body_sha256,
        livemode=me.livemode,
        credential=keys.chosen.thumbprint,
        random=page.ports.registry.log.random,
    )
    text = limits_text(never=[sentence(each) for each in never], livemode=me.livemode)
    question = ask_for_signature(
        page, purpose=purpose_of("limits"), body=body, text=text, passkey=as_known(keys.chosen)
    )
    return page.render(
        "signing/statement.html",
        passkey=True,
        question=question,
        title=_("What nobody may ever do"),
        button=_("Sign your limits"),
        tone="",
        label=_("The exact words you sign"),
        text=shown_text(text),
        keys=keys,
        back=back,
        fault=fault,
        status=status,
    )


def _loosens(now: CurrentLimits, never: Sequence[Mapping[str, Any]]) -> bool:
    """Whether anything that stands would stand no more: such a change needs a passkey of 72 hours."""
    kept = {to_bytes(each) for each in never}
    standing = () if now.body is None else now.body.get("never", ())
    return any(to_bytes(each) not in kept for each in standing)
