"""Another site: a server of an attacker's own on a port of its own, which serves what a test hands it."""

import http.server
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Self

_HEAD = "<!doctype html><html lang=en><title>Elsewhere</title><link rel=icon href='data:,'>"


class Elsewhere:
    """`with Elsewhere({"/": "<p>…"}) as site`: pages by path, under `site.origin`. `/moved` leads to `moved`."""

    def __init__(self, pages: Mapping[str, str], *, moved: str = "/", policy: str | None = None) -> None:
        self.pages = dict(pages)
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(self, moved, policy))
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def origin(self) -> str:
        """Its origin: localhost, so that passkeys are to be had at all, on a third port."""
        return f"http://localhost:{self._server.server_address[1]}"

    @property
    def foreign_origin(self) -> str:
        """The same server under a host that is another site to every browser."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(site: Elsewhere, moved: str, policy: str | None) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/moved":
                self.send_response(302)
                self.send_header("Location", moved)
                self.end_headers()
                return
            body = (_HEAD + site.pages[self.path.partition("?")[0]]).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            if policy:
                self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
