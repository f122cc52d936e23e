"""An invitation, for somebody who may never have heard of us: read it, choose, go on or let it be.

Whoever has the link can choose, and whoever asks has it too. So a browser shows what it chose itself; what came
from another one is shown as such, without anything adult; and what goes on to the request is what this
browser's form said, whoever else sends one meanwhile.
"""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse

from consent.core.markdown import TextError
from consent.core.term_error import TermError
from consent.registry.errors import Invalid
from consent.registry.operations.choices import read_choice, save_choice
from consent.registry.operations.invitations import redeem_invitation
from consent.registry.queries.invitations import InvitationView, read_invitation
from consent.web.could_words import could_words
from consent.web.handoffs import to_signing
from consent.web.offer_words import Licensee, OfferWords, language_for, offer_words
from consent.web.page import Page
from consent.web.public.attempts import Attempts
from consent.web.public.qr import qr_code
from consent.web.who import SignedInPerformer

_WRONG_CODES = Attempts(60)


def invitation(page: Page, *, code: str) -> HttpResponse:
    """The offer behind a code. Opening it marks nothing and uses nothing up: mail programs open links too."""
    me = page.be(SignedInPerformer)
    if _WRONG_CODES.used_up(page.request):
        return page.render("public/too_many.html", status=429)
    found = read_invitation(page.ports.registry, code=code, performer=None if me is None else me.performer)
    if found is None:
        _WRONG_CODES.note(page.request)
        return invitation_closed(page)
    if found.redeemed:
        return page.to(f"/requests/{found.offer}")
    if page.posted:
        return _answered(page, found, me, code=code)
    return _shown(page, found, me, code=code)


def invitation_closed(page: Page) -> HttpResponse:
    """Unknown, used, taken back, too old: one page for all of them."""
    return page.render("public/invitation_closed.html", status=410)


def no_thank_you(page: Page) -> HttpResponse:
    """Saying no to an invitation needs no account and no deed: it runs out by itself."""
    return page.render("public/no_thank_you.html")


def words_of(found: InvitationView) -> OfferWords:
    """The offer in words, in the invitation's language if it was written in it.

    Raises:
        Invalid: the offer cannot be shown, so nobody can sign it either.
    """
    try:
        return offer_words(
            found.terms,
            licensee=_licensee(found),
            livemode=found.livemode,
            language=language_for(found.terms, found.language),
        )
    except (TextError, TermError) as exc:
        raise Invalid("this offer cannot be shown", pointer="/terms", rule="text") from exc


def _answered(page: Page, found: InvitationView, me: SignedInPerformer | None, *, code: str) -> HttpResponse:
    """Keep what was chosen, whichever button it came with, and do what the button says."""
    known = words_of(found).line_ids
    lines = sorted({line for line in page.fields("lines") if line in known})
    language = language_for(found.terms, found.language)
    page.session["chosen"] = {found.offer: lines}
    save_choice(
        page.ports.registry,
        code=code,
        lines=lines,
        language=language,
        performer_name="" if (kept := read_choice(found.offer)) is None else kept.performer_name,
    )
    match page.field("do"):
        case "go" if me is None:
            return to_signing(page, "join", code=code, lines=lines)
        case "go" if me is not None and me.pending:
            return page.to("/wait")  # a key that nobody vouched for takes nothing up in anybody's name
        case "go" if me is not None and me.livemode == found.livemode:
            redeemed = redeem_invitation(
                page.ports.registry, livemode=me.livemode, performer=me.performer, code=code
            )
            save_choice(
                page.ports.registry,
                offer=redeemed.offer,
                performer=me.performer,
                lines=lines,
                language=language,
            )
            return page.to(f"/requests/{redeemed.offer}")
        case "have" if me is None:
            return page.to(f"/sign-in?next=/i/{code}")
        case _:
            return page.to(f"/i/{code}#could")


def _shown(page: Page, found: InvitationView, me: SignedInPerformer | None, *, code: str) -> HttpResponse:
    words = words_of(found)
    chosen, elsewhere = _chosen(page, found, words)
    address = f"{page.ports.origins.main}/i/{code}"
    return page.render(
        "public/invitation.html",
        asks=found.organization,
        words=words,
        chosen=chosen,
        elsewhere=elsewhere,
        could=could_words(
            found.terms, chosen, at=page.now, language=language_for(found.terms, found.language)
        ),
        livemode=found.livemode,
        expires_at=found.expires_at,
        address=address,
        qr=qr_code(address),
        **_way_on(found, me),
    )


def _chosen(page: Page, found: InvitationView, words: OfferWords) -> tuple[frozenset[str], bool]:
    """What is switched on, and whether that comes from another browser."""
    own = page.session.get("chosen", {}).get(found.offer)
    if own is not None:
        return frozenset(own), False
    kept = read_choice(found.offer)
    others = frozenset() if kept is None else kept.lines - {line.id for line in words.adult_lines}
    return others, bool(others)


def _way_on(found: InvitationView, me: SignedInPerformer | None) -> Mapping[str, Any]:
    """Whether this browser may take the invitation up as somebody who is signed in already."""
    return {"mine": me is not None, "other_side": me is not None and me.livemode != found.livemode}


def _licensee(found: InvitationView) -> Licensee:
    asks = found.organization
    return Licensee(legal_name=asks.legal_name, country=asks.country, contact=asks.contact)
