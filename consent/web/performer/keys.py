"""Keys and devices: what they are called, from when they sign, and switching one off."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpResponse

from consent.log.models import Enforcement, Event
from consent.registry.answers import enforced
from consent.registry.errors import NotFound, StateConflict
from consent.registry.models import Credential, Passkey
from consent.registry.operations.add_credential import block_credential
from consent.registry.operations.recovery import has_recovery_code, make_recovery_code
from consent.registry.queries.grants import wait_all_enforced
from consent.registry.queries.performer import credentials_of
from consent.web.handoffs import to_signing
from consent.web.page import Page
from consent.web.public.sign_in import end_here
from consent.web.who import SignedInPerformer


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One key. `waits_until`: until then it only stops things; `here`: this browser came in with it."""

    credential: str
    label: str
    kind: str
    state: str
    created_at: datetime
    last_used_at: datetime | None
    waits_until: datetime | None
    here: bool


def keys(page: Page, me: SignedInPerformer) -> HttpResponse:
    """All keys, those that are off last."""
    return page.render(
        "performer/keys.html",
        here="keys",
        rows=_rows(page, me),
        sheet=has_recovery_code(me.performer),
        told=page.request.GET.get("told"),
    )


def add(page: Page, me: SignedInPerformer) -> HttpResponse:
    """To the signing origin, where a new passkey is made and vouched for."""
    return to_signing(page, "add-key") if page.posted else page.to("/keys")


def sheet(page: Page, me: SignedInPerformer) -> HttpResponse:
    """A new recovery sheet; the one before it works no more."""
    if not page.posted:
        return page.to("/keys")
    code = make_recovery_code(page.ports.registry, performer=me.performer)
    return page.render("performer/sheet.html", code=code, made_on=page.now, back="/keys", here="keys")


def switch_off(page: Page, me: SignedInPerformer, *, credential: str) -> HttpResponse:
    """Ask once, then switch a key off for good; what it signed stands. The last one asks twice."""
    rows = [row for row in _rows(page, me) if row.state != "blocked"]
    row = next((each for each in rows if each.credential == credential), None)
    if row is None:
        raise NotFound("no such key")
    last = not any(each.state == "active" for each in rows if each is not row)
    if not page.posted or (last and not page.field("sure")):
        return page.render("performer/key_off.html", here="keys", row=row, last=last, unsure=page.posted)
    try:
        written = block_credential(
            page.ports.registry,
            livemode=me.livemode,
            performer=me.performer,
            thumbprint=Credential.objects.get(id=credential).thumbprint,
            authority="session",
        )
        enforced(written, page.ports.registry)
    except StateConflict:
        _wait_for_others(page, me)  # another window was faster; it is off, and that is what was asked
    if row.here:
        end_here(page)
        return page.render("performer/key_off_done.html", row=row, last=last, who=None)
    return page.to("/keys?told=off")


def _wait_for_others(page: Page, me: SignedInPerformer) -> None:
    """Nobody is told that a key is off before that holds everywhere, whoever switched it off."""
    pending = Enforcement.objects.filter(enforced_at=None).values("event_id")
    own = Event.objects.filter(performer_id=str(me.performer), event_id__in=pending)
    wait_all_enforced(list(own.values_list("event_id", flat=True)), page.ports.registry)


def _rows(page: Page, me: SignedInPerformer) -> Sequence[Row]:
    used = dict(Passkey.objects.filter(performer=me.performer).values_list("credential", "last_used_at"))
    rows = [
        Row(
            credential=key.id,
            label=key.label,
            kind=key.kind,
            state=key.state,
            created_at=key.created_at,
            last_used_at=used.get(key.id),
            waits_until=key.usable_from if key.usable_from and key.usable_from > page.now else None,
            here=key.thumbprint == me.credential,
        )
        for key in credentials_of(me.performer)
    ]
    return sorted(rows, key=lambda row: row.state == "blocked")
