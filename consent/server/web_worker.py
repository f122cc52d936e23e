"""The WSGI callable as a worker of our own web server: it ends when its server does."""

import signal

from consent.server.embedded.child import die_with_launcher

die_with_launcher(signal.SIGTERM)

from consent.server.wsgi import application  # noqa: E402  # first of all, the tie

__all__ = ["application"]
