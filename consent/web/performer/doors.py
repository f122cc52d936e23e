"""Addresses around a performer's keys: waiting for the identity check, keys and devices."""

from django.urls import URLPattern, path

from consent.web.page import open_page, performer_page
from consent.web.performer.keys import add, keys, sheet, switch_off
from consent.web.performer.wait import refused_check, wait_page
from consent.web.ports import WebPorts


def door_urls(ports: WebPorts) -> list[URLPattern]:
    """Every pattern, from one process's ports."""
    return [
        path("wait", wait_page(ports)),
        path("wait/refused", open_page(ports, refused_check, methods=("GET",))),
        path("keys", performer_page(ports, keys, methods=("GET",))),
        path("keys/new", performer_page(ports, add)),
        path("keys/sheet", performer_page(ports, sheet)),
        path("keys/<str:credential>/off", performer_page(ports, switch_off)),
    ]
