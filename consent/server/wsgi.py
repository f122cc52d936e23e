"""The WSGI callable: the lane first, Django for everything else. A process that cannot decide never gets this far:
it refuses to start."""

import os
from collections.abc import Iterable
from time import perf_counter
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
from consent.server.wiring import wiring  # noqa: E402

_wiring = wiring()
start(_wiring.registry.log)
_wiring.metrics.start()
_lane, _note = _wiring.lane, _wiring.request_log.note
_django: Any = get_wsgi_application()


def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """Answer one request (PEP 3333)."""
    began = perf_counter()
    answer = None if _lane is None else _lane.answer(environ)
    if answer is None:
        passed_on: Iterable[bytes] = _django(environ, start_response)
        return passed_on
    start_response(answer.status_line, answer.headers)
    _note(answer.request_id, answer.route, answer.method, answer.status, perf_counter() - began)
    return [answer.body]
