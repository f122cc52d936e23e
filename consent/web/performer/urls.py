"""Addresses of a performer's own pages."""

from django.urls import URLPattern, path

from consent.web.page import open_page, performer_page
from consent.web.performer.consent import pause, show_consent, sign_step
from consent.web.performer.doors import door_urls
from consent.web.performer.downloads import evidence, package, signed_text
from consent.web.performer.end import acknowledgement, end_consent
from consent.web.performer.erase import erase_me, erased
from consent.web.performer.export import export
from consent.web.performer.home import consents, home
from consent.web.performer.limits import limits
from consent.web.performer.request import ask_for_changes, decline, request_text, show_request
from consent.web.performer.who_asked import asked_by, who_asked
from consent.web.ports import WebPorts

_GET, _POST = ("GET",), ("POST",)


def urls(ports: WebPorts) -> list[URLPattern]:
    """Every pattern, from one process's ports."""
    return [
        *door_urls(ports),
        path("home", performer_page(ports, home, methods=_GET)),
        path("me/export", performer_page(ports, export, methods=_GET)),
        path("me/erase", performer_page(ports, erase_me)),
        path("erased/<str:erasure>", open_page(ports, erased, methods=_GET)),
        path("asked", performer_page(ports, who_asked, methods=_GET)),
        path("asked/<str:organization>", performer_page(ports, asked_by, methods=_GET)),
        path("limits", performer_page(ports, limits)),
        path("requests/<str:offer>", performer_page(ports, show_request)),
        path("requests/<str:offer>/decline", performer_page(ports, decline)),
        path("requests/<str:offer>/changes", performer_page(ports, ask_for_changes)),
        path("requests/<str:offer>/text", performer_page(ports, request_text, methods=_GET)),
        path("consents", performer_page(ports, consents, methods=_GET)),
        path("consents/<str:grant>", performer_page(ports, show_consent, methods=_GET)),
        path("consents/<str:grant>/end", performer_page(ports, end_consent)),
        path("consents/<str:grant>/pause", performer_page(ports, pause, methods=_POST)),
        path("consents/<str:grant>/sign/<str:task>", performer_page(ports, sign_step, methods=_POST)),
        path("consents/<str:grant>/package", performer_page(ports, package, methods=_GET)),
        path("consents/<str:grant>/evidence", performer_page(ports, evidence, methods=_POST)),
        path("consents/<str:grant>/text", performer_page(ports, signed_text, methods=_GET)),
        path("consents/<str:grant>/acknowledgement", performer_page(ports, acknowledgement, methods=_GET)),
    ]
