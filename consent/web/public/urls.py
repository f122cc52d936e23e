"""Addresses of the pages for anybody."""

from django.urls import URLPattern, path

from consent.web.page import open_page
from consent.web.ports import WebPorts
from consent.web.public.come_back import come_back


def urls(ports: WebPorts) -> list[URLPattern]:
    """Every pattern, from one process's ports."""
    return [
        path("r/<str:ticket>", open_page(ports, come_back, methods=("GET",))),
    ]
