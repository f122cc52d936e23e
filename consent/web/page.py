"""One page's request: where it stands, who asks, and how it is answered."""

import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, wraps
from typing import Any
from urllib.parse import quote

from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.loader import render_to_string

from consent.web.origins import Place
from consent.web.ports import WebPorts
from consent.web.refusals import Refusal, refuse_wrong_host, refused
from consent.web.who import (
    SignedInMember,
    SignedInOperator,
    SignedInPerformer,
    StopOnly,
    W,
    Who,
    signed_in,
    signed_in_beside,
)

DjangoView = Callable[..., HttpResponse]
_READS = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, kw_only=True)
class Page:
    """A request for a page, on one of the two origins."""

    request: HttpRequest
    ports: WebPorts
    place: Place

    @property
    def session(self) -> SessionBase:
        """What this browser is remembered by, on this origin."""
        return self.request.session

    @cached_property
    def now(self) -> datetime:
        """The registry's clock, read once a page."""
        return self.ports.registry.clock()

    @cached_property
    def nonce(self) -> str:
        """What the page's own scripts carry (CSP level 3)."""
        return secrets.token_urlsafe(16)

    @cached_property
    def who(self) -> Who | None:
        """Who is signed in here."""
        return signed_in(self.session, at=self.now)

    def be(self, kind: type[W]) -> W | None:
        """Whoever of this kind is signed in in this browser; from here on the page is theirs."""
        if isinstance(self.who, kind):
            return self.who
        found = None if self.who is None else signed_in_beside(self.session, kind, at=self.now)
        if found is not None:
            self.__dict__["who"] = found  # where `cached_property` keeps it
        return found

    @property
    def posted(self) -> bool:
        """Whether a form came back."""
        return self.request.method == "POST"

    def field(self, name: str, *, max_chars: int = 500) -> str:
        """A form's field without white space at its ends; empty when it is missing, cut when it is too long."""
        return self.request.POST.get(name, "").strip()[:max_chars]

    def fields(self, name: str, *, most: int = 200) -> list[str]:
        """The values of a field that may come several times."""
        return self.request.POST.getlist(name)[:most]

    def render(
        self,
        template: str,
        *,
        status: int = 200,
        passkey: bool = False,
        verifier: bool = False,
        **values: Any,
    ) -> HttpResponse:
        """Fill a template of `templates/web/pages`. `passkey`: the page talks to one, so our script may run.

        `verifier`: the page's own script may run, and fetch the registry's trust file.
        """
        context = {
            "origins": self.ports.origins,
            "place": self.place.value,
            "who": self.who,
            "laptop": self.ports.laptop,
            "nonce": self.nonce if passkey or verifier else "",
            **values,
        }
        response = HttpResponse(render_to_string(f"pages/{template}", context, request=self.request))
        response.status_code = status
        response.headers["Content-Security-Policy"] = self._policy(
            scripts=passkey or verifier, fetches=verifier
        )
        response.headers["Cache-Control"] = "no-store"
        return response

    def to(self, address: str, *, place: Place | None = None) -> HttpResponse:
        """Go on at a path of ours (303), on this origin unless `place` names the other."""
        origin = "" if place in (None, self.place) else self.ports.origins.of(place or self.place)
        response = HttpResponseRedirect(origin + address)
        response.status_code = 303
        return response

    def _policy(self, *, scripts: bool, fetches: bool) -> str:
        # form-action also holds for the redirects after a form, so it names the other origin too.
        script = f"script-src 'nonce-{self.nonce}'; " if scripts else ""
        script += "connect-src 'self'; " if fetches else ""
        return (
            f"default-src 'none'; style-src 'self'; img-src 'self' data:; {script}"
            f"form-action 'self' {self.ports.origins.other(self.place)}; "
            "base-uri 'none'; frame-ancestors 'none'"
        )


def open_page(
    ports: WebPorts,
    view: Callable[..., HttpResponse],
    *,
    place: Place = Place.MAIN,
    methods: Collection[str] = ("GET", "POST"),
) -> DjangoView:
    """A page for anybody: `view(page, **captured)`."""

    @wraps(view)
    def handle(request: HttpRequest, **captured: Any) -> HttpResponse:
        at: Place | None = getattr(request, "place", None)
        if at is not place:
            return refuse_wrong_host(request, ports, wanted=place)
        if request.method not in {*methods, *(_READS if "GET" in methods else ())}:
            return HttpResponseNotAllowed(sorted(methods))
        page = Page(request=request, ports=ports, place=place)
        try:
            return view(page, **captured)
        except Refusal.CAUSES as exc:
            return refused(page, exc)

    return handle


def _page_of(
    ports: WebPorts,
    kind: type[W],
    view: Callable[..., HttpResponse],
    *,
    sign_in_at: str,
    place: Place,
    methods: Collection[str],
) -> DjangoView:
    @wraps(view)
    def check(page: Page, **captured: Any) -> HttpResponse:
        who = page.be(kind)
        if who is None:
            # Who is signed in as somebody of another kind goes to a page of their own, not round in circles.
            return _to_sign_in(page, sign_in_at, back=page.who is None or isinstance(page.who, StopOnly))
        return view(page, who, **captured)

    return open_page(ports, check, place=place, methods=methods)


def performer_page(
    ports: WebPorts,
    view: Callable[..., HttpResponse],
    *,
    waiting: bool = False,
    methods: Collection[str] = ("GET", "POST"),
) -> DjangoView:
    """A page of the main origin for a signed-in performer: `view(page, me, **captured)`.

    `waiting`: also for one whose key no identity check covers yet; others of these are sent to /wait.
    """

    @wraps(view)
    def check(page: Page, me: SignedInPerformer, **captured: Any) -> HttpResponse:
        if me.pending and not waiting:
            return page.to("/wait")
        return view(page, me, **captured)

    return _page_of(ports, SignedInPerformer, check, sign_in_at="/sign-in", place=Place.MAIN, methods=methods)


def stop_page(ports: WebPorts, view: Callable[..., HttpResponse]) -> DjangoView:
    """A page for somebody who came by a mailed link and may only stop: `view(page, who, **captured)`."""
    return _page_of(ports, StopOnly, view, sign_in_at="/lost-key", place=Place.MAIN, methods=("GET", "POST"))


def member_page(
    ports: WebPorts, view: Callable[..., HttpResponse], *, roles: Collection[str] = ()
) -> DjangoView:
    """A page for a member of an organization, of any role unless `roles` names some (owners always may)."""

    @wraps(view)
    def check(page: Page, who: SignedInMember, **captured: Any) -> HttpResponse:
        if roles and who.role not in {*roles, "owner"}:
            return page.render("public/refused.html", status=403, refusal="role")
        return view(page, who, **captured)

    return _page_of(
        ports, SignedInMember, check, sign_in_at="/sign-in", place=Place.MAIN, methods=("GET", "POST")
    )


def operator_page(ports: WebPorts, view: Callable[..., HttpResponse]) -> DjangoView:
    """A page for those who run the registry: `view(page, who, **captured)`."""
    return _page_of(
        ports, SignedInOperator, view, sign_in_at="/sign-in", place=Place.MAIN, methods=("GET", "POST")
    )


def _to_sign_in(page: Page, address: str, *, back: bool) -> HttpResponse:
    """Sign in first, then come `back` to the page that was asked for, if it can be asked for again."""
    if page.request.method not in _READS or not back:
        return page.to(address)
    return page.to(f"{address}?next={quote(page.request.path, safe='/')}")
