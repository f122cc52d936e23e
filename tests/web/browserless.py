"""The pages in a test: a client that keeps cookies as a browser does, and answers with a software passkey.

Imported only inside tests and fixtures: the models need Django to be set up.
"""

import json
import re
import secrets
import types
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpResponse
from django.test import Client
from django.test.utils import override_settings

from consent.web.origins import Place
from consent.web.ports import WebPorts
from signing.encoding import b64u, unb64u
from tests.evidence.bundles import trust_of
from tests.registry.world import Clock, World, registry_ports
from tests.signing.software_authenticator import SoftwareAuthenticator

MAIN, SIGNING = "https://registry.example", "https://sign.registry.example"
MIDDLEWARE = ["tests.web.browserless.sessions", "django.middleware.csrf.CsrfViewMiddleware"]
_INPUT = re.compile(r"<input\b[^>]*>")
_ATTRIBUTE = re.compile(r'([\w-]+)="([^"]*)"')
_OPTIONS = re.compile(r'<script id="passkey-options" type="application/json">(.*?)</script>', re.DOTALL)

_served: list[WebPorts] = []


def sessions(get_response: Any) -> Any:
    """The middleware over the ports of the site that is served now."""
    from consent.web.sessions import with_sessions

    return with_sessions(get_response, _served[-1].origins)


@dataclass
class Site:
    """The served pages and the world behind them."""

    ports: WebPorts
    world: World

    def browser(self, passkey: SoftwareAuthenticator | None = None) -> "Browser":
        """A new browser without cookies."""
        return Browser(passkey=passkey)


@contextmanager
def serve(log: Any, *, views: Any = None) -> Iterator[Site]:
    """Serve all pages of both origins under their real addresses until the test ends, or what `views` makes."""
    from consent.web.urls import web_urls

    clock = Clock()
    registry = registry_ports(log, clock)
    ports = WebPorts(registry=registry, version="0", trust=lambda: trust_of(registry))
    assert (ports.origins.main, ports.origins.signing) == (MAIN, SIGNING)
    urlconf = types.ModuleType(f"web_urls_{secrets.token_hex(4)}")
    urlconf.urlpatterns = (views or web_urls)(ports)  # type: ignore[attr-defined]
    _served.append(ports)
    with override_settings(ROOT_URLCONF=urlconf, MIDDLEWARE=MIDDLEWARE):
        yield Site(ports=ports, world=World(ports=registry, clock=clock))
    _served.pop()


@dataclass
class Browser:
    """Keeps the cookies of each host, follows redirects across the two origins, sends Fetch Metadata.

    `last` is the newest answer, `place` where it came from, `screens` the pages that were shown.
    """

    passkey: SoftwareAuthenticator | None = None
    place: str = MAIN
    path: str = "/"
    last: HttpResponse | None = None
    screens: list[str] = field(default_factory=list)
    _clients: dict[str, Client] = field(default_factory=dict)

    def get(
        self, address: str, *, follow: bool = True, site: str | None = "none", **headers: Any
    ) -> HttpResponse:
        """Open an address: a path on the current origin, or a whole URL."""
        return self._send("GET", address, None, follow=follow, site=site, headers=headers)

    def post(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        to: str | None = None,
        follow: bool = True,
        token: bool = True,
        site: str | None = "same-origin",
        **headers: Any,
    ) -> HttpResponse:
        """Send a form from the page that is open, with its hidden fields unless `token` is false."""
        sent = {**(self.hidden() if token else {}), **(data or {})}
        headers.setdefault("origin", self.place)
        return self._send("POST", to or self.path, sent, follow=follow, site=site, headers=headers)

    def use_passkey(self, data: Mapping[str, Any] | None = None, **answer: Any) -> HttpResponse:
        """Answer the page's question with this browser's passkey and send the form."""
        return self.post({"passkey": self.answer(**answer), **(data or {})})

    def answer(self, *, origin: str | None = None, **bent: Any) -> str:
        """What the passkey says to the question on the page, as the script would write it."""
        assert self.passkey is not None
        options = self.options()
        challenge = unb64u(options["challenge"])
        if "user" in options:
            self.passkey.credential_id = secrets.token_bytes(16)
            made = self.passkey.register(challenge, origin=origin or self.place, **bent)
            response = {
                "clientDataJSON": b64u(made["client_data_json"]),
                "attestationObject": b64u(made["attestation_object"]),
                "transports": ["internal"],
            }
        else:
            used = self.passkey.sign(challenge, origin=origin or self.place, **bent)
            response = {
                "clientDataJSON": b64u(used["client_data_json"]),
                "authenticatorData": b64u(used["authenticator_data"]),
                "signature": b64u(used["signature"]),
            }
        return json.dumps(
            {"rawId": b64u(self.passkey.credential_id), "type": "public-key", "response": response}
        )

    def options(self) -> Any:
        """The options for the passkey on the page."""
        found = _OPTIONS.search(self.text)
        assert found is not None, f"no question to a passkey on {self.path}"
        return json.loads(found[1])

    def hidden(self) -> dict[str, str]:
        """The hidden fields of the page's forms."""
        fields = {}
        for tag in _INPUT.findall(self.text):
            named = dict(_ATTRIBUTE.findall(tag))
            if named.get("type") == "hidden" and "name" in named:
                fields[named["name"]] = unescape(named.get("value", ""))
        return fields

    @property
    def text(self) -> str:
        """The page that is open."""
        return "" if self.last is None else self.last.content.decode()

    @property
    def status(self) -> int:
        """Its status."""
        return 0 if self.last is None else self.last.status_code

    def cookies(self, origin: str) -> dict[str, str]:
        """What this browser keeps for an origin."""
        return {name: each.value for name, each in self._client(origin).cookies.items() if each.value}

    def _client(self, origin: str) -> Client:
        return self._clients.setdefault(origin, Client(enforce_csrf_checks=True))

    def _send(
        self, method: str, address: str, data: Any, *, follow: bool, site: str | None, headers: dict[str, Any]
    ) -> HttpResponse:
        if "://" in address:
            url = urlsplit(address)
            self.place = f"{url.scheme}://{url.netloc}"
            address = url.path + (f"?{url.query}" if url.query else "")
        if site is not None:
            headers["sec-fetch-site"] = site
        client, host = self._client(self.place), urlsplit(self.place).netloc
        send = client.get if method == "GET" else client.post
        self.last = send(address, data or {}, headers={"host": host, **headers}, secure=True)  # type: ignore[arg-type]
        self.path = address
        if follow and self.last.status_code in (301, 302, 303):
            target, before = self.last.headers["Location"], self.place
            crossed = "://" in target and not target.startswith(before)
            onward = site if site == "cross-site" else ("same-site" if crossed else "same-origin")
            return self._send("GET", target, None, follow=True, site=onward, headers={})
        if self.last.status_code == 200:
            self.screens.append(f"{Place(('main', 'signing')[self.place == SIGNING])}:{self.path}")
        return self.last
