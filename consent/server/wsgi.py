"""The WSGI callable: the lane first, Django for everything else. A process that cannot decide never gets this far:
it refuses to start."""

import os
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import django
from django.core.wsgi import get_wsgi_application

from consent.server.logs import set_up_logs

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "consent.server.settings")
set_up_logs()
django.setup()

from consent.log.start import start  # noqa: E402  # models exist only after the set-up
from consent.server.request_log import note_request  # noqa: E402
from consent.server.wiring import wiring  # noqa: E402

_wiring = wiring()
start(_wiring.registry.log)
_django: Any = get_wsgi_application()


def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """Answer one request (PEP 3333)."""
    began = time.perf_counter()
    answer = None if _wiring.lane is None else _wiring.lane.answer(environ)
    if answer is None:
        passed_on: Iterable[bytes] = _django(environ, start_response)
        return passed_on
    start_response(answer.status_line, list(answer.headers))
    note_request(
        _wiring.metrics,
        request_id=answer.request_id,
        route=answer.route,
        method="POST",
        status=answer.status,
        seconds=time.perf_counter() - began,
    )
    return [answer.body]
