"""What a person reads when something does not work: what happened, and what to do."""

from typing import TYPE_CHECKING

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string

from consent.log.errors import LogError
from consent.registry import errors
from consent.web.origins import Place
from signing.errors import SigningError

if TYPE_CHECKING:
    from consent.web.page import Page
    from consent.web.ports import WebPorts


class HandOffSpent(Exception):  # noqa: N818  # named by what happened, as in the registry's error tree
    """A ticket between the two origins is unknown, used, late, or came from elsewhere."""


class CeremonySpent(Exception):  # noqa: N818  # as above
    """A passkey's answer to a question that this browser was not asked, or that was answered or has expired."""


class PasskeyRefused(Exception):  # noqa: N818  # as above
    """A passkey's answer cannot be accepted. `reason` picks the sentence: unreadable, other_key, unknown_key,
    blocked_key, not_verified."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Refusal:
    """What `refused` knows a page for. Everything else is a fault of ours."""

    CAUSES = (
        errors.RegistryError,
        LogError,
        DatabaseError,
        SigningError,
        HandOffSpent,
        CeremonySpent,
        PasskeyRefused,
    )


_STATUS: tuple[tuple[type[Exception], int], ...] = (
    (errors.NotFound, 404),
    (errors.InvitationSpent, 410),
    (errors.Unavailable, 503),
    (errors.Conflict, 409),
    (errors.Refused, 403),
    (errors.RegistryError, 422),
    (HandOffSpent, 410),
    (CeremonySpent, 409),
    (PasskeyRefused, 403),
    (SigningError, 403),
    (LogError, 503),
    (DatabaseError, 503),
)


def refused(page: "Page", raised: Exception) -> HttpResponse:
    """The page that says so. `refusal` in the template is the error's code."""
    status = next(status for kind, status in _STATUS if isinstance(raised, kind))
    if isinstance(raised, PasskeyRefused):
        code = raised.reason
    else:
        code = getattr(raised, "code", None) or {
            HandOffSpent: "hand_off",
            CeremonySpent: "ceremony",
        }.get(type(raised), "unavailable" if status == 503 else "signature_invalid")
    if status == 503:
        # Whatever could not be read, nobody's session may be asked for in saying so.
        html = render_to_string("pages/public/unavailable.html", {"nonce": ""})
        response = HttpResponse(html, status=503)
        response.headers["Retry-After"] = "2"
        return response
    return page.render("public/refused.html", status=status, refusal=code)


def refuse_wrong_host(request: HttpRequest, ports: "WebPorts", *, wanted: Place) -> HttpResponse:
    """A page was asked for on another host or the other origin: go to the right one, if nothing was sent."""
    if request.method in ("GET", "HEAD") and getattr(request, "place", None) is None:
        return HttpResponseRedirect(ports.origins.of(wanted) + request.path)
    html = render_to_string("pages/public/wrong_place.html", {"nonce": "", "origin": ports.origins.main})
    return HttpResponse(html, status=421 if request.method == "POST" else 404)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's answer to a form that did not come from a page of ours, or came from one that is too old."""
    html = render_to_string("pages/public/form_expired.html", {"nonce": ""})
    return HttpResponse(html, status=403)
