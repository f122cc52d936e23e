"""Addresses of the signing origin at which passkeys are made."""

from django.urls import URLPattern, path

from consent.web.origins import Place
from consent.web.page import open_page
from consent.web.ports import WebPorts
from consent.web.signing.add_key import add_key
from consent.web.signing.join import join
from consent.web.signing.join_safe import join_safe
from consent.web.signing.recover_key import recover_key
from consent.web.signing.task_page import task_page


def door_urls(ports: WebPorts) -> list[URLPattern]:
    """Every pattern, from one process's ports."""
    return [
        path("join", open_page(ports, join, place=Place.SIGNING)),
        path("join/safe", open_page(ports, join_safe, place=Place.SIGNING)),
        path("recover-key", open_page(ports, recover_key, place=Place.SIGNING)),
        path("keys/add", task_page(ports, "add-key", add_key)),
    ]
