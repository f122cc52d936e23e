"""What a visitor's browser must never do: ask another host, break its own policy, or stumble over an error."""

import re
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, WebError

_INLINE = ("data", "blob", "about")


class Guard:
    """Watches every page of a context. `allow` names what a test provokes on purpose."""

    def __init__(self, context: BrowserContext, *, origins: frozenset[str]) -> None:
        self._origins = origins
        self._seen: list[str] = []
        self._allowed: list[re.Pattern[str]] = []
        context.on("request", self._request)
        context.on("console", self._console)
        context.on("weberror", self._error)

    def allow(self, pattern: str) -> None:
        """From now on a fault that matches is expected, such as `status of 403`."""
        self._allowed.append(re.compile(pattern))

    def faults(self) -> list[str]:
        """What nobody allowed."""
        return [each for each in self._seen if not any(known.search(each) for known in self._allowed)]

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in _INLINE and f"{parts.scheme}://{parts.netloc}" not in self._origins:
            self._seen.append(f"request to another origin: {request.url}")

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":  # violations of the content security policy come here, too
            self._seen.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _error(self, error: WebError) -> None:
        self._seen.append(f"script: {error.error}")
