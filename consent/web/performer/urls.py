"""Addresses of this part of the pages."""

from django.urls import URLPattern

from consent.web.ports import WebPorts


def urls(ports: WebPorts) -> list[URLPattern]:
    """Every pattern, from one process's ports."""
    return []
