"""Addresses around a performer's keys: waiting for the identity check, keys and devices."""

from django.urls import URLPattern, path

from consent.web.page import performer_page
from consent.web.performer.keys import add, keys, sheet, switch_off
from consent.web.performer.wait import wait
from consent.web.ports import WebPorts


def door_urls(ports: WebPorts) -> list[URLPattern]:
    """Every pattern, from one process's ports."""
    return [
        path("wait", performer_page(ports, wait, waiting=True, methods=("GET",))),
        path("keys", performer_page(ports, keys, methods=("GET",))),
        path("keys/new", performer_page(ports, add)),
        path("keys/sheet", performer_page(ports, sheet)),
        path("keys/<str:credential>/off", performer_page(ports, switch_off)),
    ]
