"""Somebody with a browser: one context, one page, one authenticator, watched by a guard."""

import copy
import itertools
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, Request

from tests.browser.authenticator import Authenticator
from tests.browser.guard import Guard

PHONE = (360, 780)
DESKTOP = (1280, 900)
MAIL_APP = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 "
    "Chrome/131.0.0.0 Mobile Safari/537.36 GSA/15.1"
)
NO_PASSKEYS = (
    "delete window.PublicKeyCredential; if (navigator.credentials) delete CredentialsContainer.prototype.get;"
)
SETTLE_MS = 15_000


class _Loads:
    """What one page loaded: the paths it rendered, and the requests since the last navigation."""

    def __init__(self, page: Page) -> None:
        self.paths: list[str] = []
        self.requests: list[Request] = []
        page.on("domcontentloaded", self._rendered)
        page.on("request", self._requested)

    def _rendered(self, page: Page) -> None:
        self.paths.append(urlsplit(page.url).path)

    def _requested(self, request: Request) -> None:
        begins = request.is_navigation_request() and request.redirected_from is None
        if begins and request.frame.parent_frame is None:
            self.requests.clear()
        self.requests.append(request)


class Visitor:
    """Use `page` for everything that playwright can do; the rest is counting and watching."""

    def __init__(
        self,
        browser: Browser,
        *,
        origins: Iterable[str],
        size: tuple[int, int] = PHONE,
        javascript: bool = True,
        screen_lock: bool | None = True,
        user_agent: str | None = None,
        script: str | None = None,
    ) -> None:
        phone = size[0] < 600
        self.context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            is_mobile=phone,
            has_touch=phone,
            java_script_enabled=javascript,
            user_agent=user_agent,
            locale="en-GB",
            timezone_id="Europe/Berlin",
            accept_downloads=True,
        )
        self.context.set_default_timeout(SETTLE_MS)
        self.guard = Guard(self.context, origins=frozenset(origins))
        if script:
            self.context.add_init_script(script)
        self._open(screen_lock)

    def _open(self, screen_lock: bool | None) -> None:
        self.page: Page = self.context.new_page()
        cdp = self.context.new_cdp_session(self.page)
        cdp.send("Network.enable")
        cdp.send("Network.setCacheDisabled", {"cacheDisabled": True})  # every page weighs all that it needs
        self.authenticator = (
            None if screen_lock is None else Authenticator(self.page, screen_lock=screen_lock)
        )
        self._loads = _Loads(self.page)

    def another_tab(self) -> Self:
        """The same browser with the same cookies, looking at something else beside it."""
        tab = copy.copy(self)
        tab._open(True)
        return tab

    @property
    def key(self) -> Authenticator:
        """Its authenticator, which this visitor has."""
        assert self.authenticator is not None
        return self.authenticator

    @property
    def path(self) -> str:
        """The path of the page that is open."""
        return urlsplit(self.page.url).path

    def go(self, url: str) -> None:
        """Open an address."""
        self.page.goto(url)

    def click(self, name: str) -> None:
        """Press the button, or else follow the link, that is called so."""
        button = self.page.get_by_role("button", name=name)
        (button if button.count() else self.page.get_by_role("link", name=name)).first.click()

    def text(self) -> str:
        """All words of the page."""
        return self.page.locator("body").inner_text()

    def says(self, words: str) -> None:
        """Wait until the page says these words."""
        self.page.get_by_text(words).first.wait_for()

    def screens(self) -> list[str]:
        """The paths of the pages rendered so far; one that loads itself again (waiting, sent back) counts once."""
        return [path for path, _ in itertools.groupby(self._loads.paths)]

    def forget_screens(self) -> None:
        """Count anew."""
        self._loads.paths.clear()

    def bytes_of_page(self) -> int:
        """All bytes that the open page took on the wire: headers and bodies, its style, its script."""
        self.page.wait_for_load_state("load")
        total = 0
        for request in self._loads.requests:
            if request.response() is not None:
                sizes = request.sizes()
                total += sizes["responseBodySize"] + sizes["responseHeadersSize"]
        return total

    def save(self, name: str, folder: Path) -> Path:
        """Press what downloads a file, and keep it in `folder`."""
        with self.page.expect_download() as waiting:
            self.click(name)
        path = folder / waiting.value.suggested_filename
        waiting.value.save_as(path)
        return path

    def cookies(self) -> list[dict[str, Any]]:
        """What its browser keeps."""
        return [dict(cookie) for cookie in self.context.cookies()]

    def leave(self) -> None:
        """Close the browser window."""
        self.context.close()
