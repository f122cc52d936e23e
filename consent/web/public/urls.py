"""Addresses of the pages for anybody."""

from django.urls import URLPattern, path, re_path

from consent.web.page import open_page, stop_page
from consent.web.ports import WebPorts
from consent.web.public.come_back import come_back
from consent.web.public.invitation import invitation, no_thank_you
from consent.web.public.log import entry, find_entry, logs
from consent.web.public.lost_key import lost_key
from consent.web.public.recover import recover, recover_link
from consent.web.public.sign_in import leave, sign_in, sign_out
from consent.web.public.start import start
from consent.web.public.stop import stop, stop_link
from consent.web.public.verify import module, verify

# A log of this registry: its side, and of a history that was begun anew its number.
_LOG = r"^log/(?P<name>(?:live|test)(?:/[1-9][0-9]{0,5})?)"
_GET, _POST, _BOTH = ("GET",), ("POST",), ("GET", "POST")


def urls(ports: WebPorts) -> list[URLPattern]:
    """Every pattern, from one process's ports."""
    return [
        path("", open_page(ports, start, methods=_GET)),
        path("i/<str:code>", open_page(ports, invitation, methods=_BOTH)),
        path("no-thank-you", open_page(ports, no_thank_you, methods=_GET)),
        path("sign-in", open_page(ports, sign_in, methods=_BOTH)),
        path("sign-out", open_page(ports, sign_out, methods=_POST)),
        path("leave", open_page(ports, leave, methods=_BOTH)),
        path("lost-key", open_page(ports, lost_key, methods=_BOTH)),
        path("stop", stop_page(ports, stop)),
        path("stop/<str:token>", open_page(ports, stop_link, methods=_BOTH)),
        path("recover", open_page(ports, recover, methods=_BOTH)),
        path("recover/<str:token>", open_page(ports, recover_link, methods=_BOTH)),
        path("verify", open_page(ports, verify, methods=_GET)),
        path("static/verify/<slug:name>.js", module),
        path("log", open_page(ports, logs, methods=_GET)),
        re_path(_LOG + r"/entries$", open_page(ports, find_entry, methods=_GET)),
        re_path(_LOG + r"/entries/(?P<index>[0-9]{1,18})$", open_page(ports, entry, methods=_GET)),
        path("r/<str:ticket>", open_page(ports, come_back, methods=_GET)),
    ]
