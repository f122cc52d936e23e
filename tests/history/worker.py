"""The WSGI callable of a history run's node: the real one, bent first where HISTORY_WRONG asks for it."""

import os

from consent.server.web_worker import application

if os.environ.get("HISTORY_WRONG"):
    from tests.history.wrong import bend

    bend(os.environ["HISTORY_WRONG"])

__all__ = ["application"]
