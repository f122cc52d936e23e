"""Signing in with a passkey, signing out, and leaving in a hurry."""

from django.http import HttpResponse

from consent.registry.operations.passkeys import FoundPasskey
from consent.web.models import Session
from consent.web.origins import Place
from consent.web.page import Page
from consent.web.public.local_path import local_path
from consent.web.refusals import CeremonySpent, PasskeyRefused
from consent.web.sign_ins import ask_to_sign_in, take_sign_in
from consent.web.who import (
    SignedInMember,
    SignedInOperator,
    SignedInPerformer,
    StopOnly,
    Who,
    sessions_beside,
    sign_in_member,
    sign_in_operator,
    sign_in_performer,
)

_HOMES: tuple[tuple[type[Who], str], ...] = (
    (SignedInPerformer, "/home"),
    (SignedInMember, "/org"),
    (SignedInOperator, "/operator"),
)


def sign_in(page: Page) -> HttpResponse:
    """Any passkey of this registry opens its own account."""
    wanted = page.field("next") if page.posted else page.request.GET.get("next", "")
    then = local_path(wanted)
    if not page.posted:
        anew = "anew" in page.request.GET  # whoever is in as one may come in as another too
        if page.who is not None and not isinstance(page.who, StopOnly) and not anew:
            return page.to(then or home_of(page.who))
        return _ask(page, then)
    try:
        home = _let_in(page)
    except (PasskeyRefused, CeremonySpent) as exc:
        reason = exc.reason if isinstance(exc, PasskeyRefused) else "ceremony"
        return _ask(page, then, refusal=reason)
    return page.to(then or home)


def sign_out(page: Page) -> HttpResponse:
    """End this browser's session here, and whatever this person had open on the signing origin."""
    end_here(page)
    return page.to("/")


def leave(page: Page) -> HttpResponse:
    """The quick exit, which works as a link: no form to find, no question asked.

    It leads to a page of ours that looks like any manual and names nobody. Sending people to somebody else's
    site would tell that site where they came from.
    """
    end_here(page)
    return page.to("/docs/start")


def home_of(who: Who) -> str:
    """Where somebody starts."""
    return next(home for kind, home in _HOMES if isinstance(who, kind))


def end_here(page: Page) -> None:
    """Forget this browser on this origin, and everybody who is signed in in it; end these people's visits to the
    signing origin, which are short."""
    beside = sessions_beside(page.session)
    subjects = {page.session.get("subject"), *beside.values_list("subject", flat=True)} - {None, ""}
    Session.objects.filter(subject__in=subjects, origin=Place.SIGNING.value).delete()
    beside.delete()
    page.session.flush()


def _ask(page: Page, then: str | None, *, refusal: str = "") -> HttpResponse:
    return page.render(
        "public/sign_in.html",
        passkey=True,
        question=ask_to_sign_in(page),
        next=then or "",
        refusal=refusal,
    )


def _let_in(page: Page) -> str:
    """Sign in whoever's passkey answered; where they start.

    Raises:
        CeremonySpent, PasskeyRefused: nobody was let in.
    """
    found = take_sign_in(page)
    if not found.may_sign_in:
        raise PasskeyRefused("blocked_key")
    if isinstance(found, FoundPasskey):
        sign_in_performer(
            page.session,
            performer=found.performer,
            livemode=found.livemode,
            credential=found.thumbprint,
            at=page.now,
        )
        return "/wait" if found.only_waits else "/home"
    if found.operator is not None:
        sign_in_operator(page.session, operator=found.operator, at=page.now)
        return "/operator"
    assert found.member is not None  # an account passkey has one owner (account_passkey_one_owner)
    sign_in_member(page.session, member=found.member, at=page.now)
    return "/org"
