"""All addresses of the pages, on both origins. Each page refuses to be served on the other one."""

from django.urls import URLPattern, path

from consent.web.operator import urls as operator
from consent.web.organization import urls as organization
from consent.web.performer import urls as performer
from consent.web.ports import WebPorts
from consent.web.public import urls as public
from consent.web.signing import urls as signing
from consent.web.static import icon, passkey_script


def web_urls(ports: WebPorts) -> list[URLPattern]:
    """Every pattern, from one process's ports."""
    return [
        path("static/passkey.js", passkey_script),
        path("static/icon.svg", icon),
        *public.urls(ports),
        *performer.urls(ports),
        *signing.urls(ports),
        *organization.urls(ports),
        *operator.urls(ports),
    ]
