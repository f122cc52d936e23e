"""One request: its words as the performer reads them, how it stands, and sending it or taking it back."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _

from consent.core.consent_text import TextError
from consent.core.ids import is_id
from consent.core.offers import expand_offer
from consent.core.term_error import TermError
from consent.registry.errors import Invalid, NotFound, OfferInvalid
from consent.registry.models import Grant, Invitation, Offer
from consent.registry.offer_terms import languages_of, normal_terms
from consent.registry.operations.close_offer import withdraw_offer
from consent.registry.operations.invitations import revoke_invitation
from consent.registry.operations.send_offer import NewInvitation, send_offer
from consent.registry.stored_json import from_bytes
from consent.web.could_words import Could, could_words
from consent.web.offer_words import Licensee, OfferWords, language_for, offer_words
from consent.web.organization.address import MAX_CHARS, is_address
from consent.web.organization.offer_json import faults_of, pretty
from consent.web.organization.offers import offer_lines, own_offer, state_words
from consent.web.organization.side import SidePage
from consent.web.public.qr import qr_code

_OPEN = ("draft", "offered", "viewed")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Invited:
    """The request's invitation, without its code, which is not kept. `state` is open, used, revoked, over."""

    id: str
    state: str
    expires_at: datetime
    mailed: bool


def show_offer(
    at: SidePage, *, offer: str, error: str = "", typed: dict[str, str] | None = None
) -> HttpResponse:
    """What the performer reads, what it would allow, and what can be done with it now."""
    row = own_offer(at, offer)
    terms = normal_terms(from_bytes(row.terms), livemode=at.livemode)
    said = _said(at, row, terms)
    invited = _invitation(at, row)
    signed = Grant.objects.filter(**at.rows, offer_id=row.id).values_list("id", flat=True).first()
    return at.render(
        "offer.html",
        here="offers",
        status=422 if error else 200,
        row=offer_lines(at, [row])[0],
        offer=row,
        said=said[0] if said else None,
        could=said[1] if said else None,
        languages=[(each, each) for each in languages_of(terms)],
        invited=invited,
        grant=signed,
        may_withdraw=row.state in _OPEN,
        json=pretty(from_bytes(row.terms)),
        steps=_steps(row),
        error=error,
        typed=typed or {"language": expand_offer(terms)["template"].get("language", "en")},
    )


def send(at: SidePage, *, offer: str) -> HttpResponse:
    """Send the draft; a new invitation's link is shown in this answer and nowhere else."""
    row, page = own_offer(at, offer), at.page
    if not page.posted:
        return at.to(f"/offers/{offer}")
    typed = {
        "email": page.field("email", max_chars=MAX_CHARS + 1),
        "language": page.field("language", max_chars=35),
    }
    try:
        sent = send_offer(at.ports, **at.acting, offer=offer, invitation=_new_invitation(row, typed))
    except Invalid as exc:
        return show_offer(at, offer=offer, error=_unsent(exc, row), typed=typed)
    if sent.code is None:
        return at.to(f"/offers/{offer}")
    link = f"{at.ports.origin}/i/{sent.code}"
    return at.render(
        "offer_sent.html",
        here="offers",
        offer=row,
        link=link,
        qr=qr_code(link),
        mailed=bool(typed["email"]),
        invited=_invitation(at, row),
    )


def withdraw(at: SidePage, *, offer: str) -> HttpResponse:
    """Take the request back, after being asked once more."""
    row = own_offer(at, offer)
    if not at.page.posted:
        return at.render("offer_withdraw.html", here="offers", row=offer_lines(at, [row])[0])
    withdraw_offer(at.ports, **at.acting, offer=offer)
    return at.to(f"/offers/{offer}")


def revoke(at: SidePage, *, offer: str, invitation: str) -> HttpResponse:
    """Make an invitation's link useless."""
    row = own_offer(at, offer)
    found = is_id(invitation, "inv") and Invitation.objects.filter(id=invitation, offer=row).exists()
    if not found:
        raise NotFound("no such invitation")
    if at.page.posted:
        revoke_invitation(at.ports, **at.acting, invitation=invitation)
    return at.to(f"/offers/{offer}")


def _new_invitation(row: Offer, typed: dict[str, str]) -> NewInvitation | None:
    """An invitation for a request that names nobody; Invalid for no address."""
    if row.performer_id is not None:
        return None
    email = typed["email"] or None
    if email is not None and not is_address(email):
        raise Invalid(pointer="/invitation/email", rule="email", expected="an e-mail address")
    return NewInvitation(language=typed["language"], email=email)


def _unsent(exc: Invalid, row: Offer) -> str:
    """Why it could not be sent, in words."""
    if isinstance(exc, OfferInvalid):
        faults = faults_of(exc, pretty(from_bytes(row.terms)))
        return "; ".join(f"{place}: {said}" for place, said in faults)
    if exc.pointer == "/invitation/email":
        return _("This is no e-mail address.")
    return _("It cannot be sent in this language.")


def _said(at: SidePage, row: Offer, terms: dict[str, Any]) -> tuple[OfferWords, Could] | None:
    """The request in words; None for terms that no text can say any more."""
    company = at.company
    licensee = Licensee(legal_name=company.legal_name, country=company.country, contact=company.contact)
    language = language_for(terms, "en")
    try:
        words = offer_words(terms, licensee=licensee, livemode=at.livemode, language=language)
        return words, could_words(terms, words.line_ids, at=at.page.now, language=language)
    except (TextError, TermError):
        return None


def _invitation(at: SidePage, row: Offer) -> _Invited | None:
    found = Invitation.objects.filter(**at.rows, offer=row).order_by("-created_at", "-id").first()
    if found is None:
        return None
    state = "open"
    if found.redeemed_at is not None:
        state = "used"
    elif found.revoked_at is not None:
        state = "revoked"
    elif found.expires_at <= at.page.now:
        state = "over"
    return _Invited(
        id=found.id, state=state, expires_at=found.expires_at, mailed=found.sealed_email is not None
    )


def _steps(row: Offer) -> list[dict[str, Any]]:
    never_sent = row.state == "withdrawn" and row.sent_at == row.closed_at  # a draft that was taken back
    steps = (
        (row.created_at, _("Drafted")),
        (None if never_sent else row.sent_at, _("Sent")),
        (row.viewed_at, _("Read by the performer")),
        (row.closed_at, state_words(row.state).capitalize()),
    )
    return [{"at": at, "what": what} for at, what in steps if at is not None]
