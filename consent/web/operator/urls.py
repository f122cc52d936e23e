"""Addresses of those who run the registry."""

from django.urls import URLPattern, path, re_path

from consent.web.operator.examine import examine
from consent.web.operator.health import health
from consent.web.operator.holds import holds
from consent.web.operator.link import link
from consent.web.operator.organizations import organization, organizations
from consent.web.operator.passkeys import passkeys, switch_off
from consent.web.operator.queue import queue, start
from consent.web.page import open_page, operator_page
from consent.web.ports import WebPorts

_ID = "[a-z0-9_]{1,64}"


def urls(ports: WebPorts) -> list[URLPattern]:
    """Every pattern, from one process's ports."""
    return [
        path("o/<str:token>", open_page(ports, link)),
        path("operator", operator_page(ports, start)),
        path("operator/identity", operator_page(ports, queue)),
        re_path(rf"^operator/identity/(?P<credential>cre_{_ID})\Z", operator_page(ports, examine)),
        path("operator/organizations", operator_page(ports, organizations)),
        re_path(
            rf"^operator/organizations/(?P<organization>org_{_ID})\Z", operator_page(ports, organization)
        ),
        path("operator/holds", operator_page(ports, holds)),
        path("operator/me", operator_page(ports, passkeys)),
        path("operator/me/passkeys/<int:passkey>/off", operator_page(ports, switch_off)),
        path("operator/health", operator_page(ports, health)),
    ]
