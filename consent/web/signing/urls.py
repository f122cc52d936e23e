"""Addresses of the signing origin."""

from django.urls import URLPattern, path

from consent.web.origins import Place
from consent.web.page import open_page
from consent.web.ports import WebPorts
from consent.web.signing.hand_off import arrive


def urls(ports: WebPorts) -> list[URLPattern]:
    """Every pattern, from one process's ports."""
    return [
        path("h/<str:ticket>", open_page(ports, arrive, place=Place.SIGNING, methods=("GET",))),
    ]
