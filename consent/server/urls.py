"""All addresses of the registry. Read by Django once, when the first request comes."""

from datetime import UTC, datetime

from django.urls import URLPattern, path

from consent.api.urls import api_urls
from consent.server.docs.urls import docs_urls
from consent.server.health import Health
from consent.server.log_objects import LogObjects
from consent.server.mail.pages import mail_urls
from consent.server.status_lists import StatusLists
from consent.server.wiring import Wiring, wiring
from consent.web.urls import web_urls


def server_urls(made: Wiring) -> list[URLPattern]:
    """Every pattern, from one process's wiring."""
    health = Health(made)
    status_lists = StatusLists(made.registry.log.objects, wall=lambda: datetime.now(UTC))
    return [
        path("healthz", health.alive),
        path("readyz", health.ready),
        path("metrics", health.metrics),
        *LogObjects(made).urls(),
        *status_lists.urls(),
        *docs_urls(made.api),
        *web_urls(made.web),
        *mail_urls(made.web, made.mail),
        *api_urls(made.api),
    ]


urlpatterns = server_urls(wiring())

handler400 = "consent.server.problems.bad_request"
handler403 = "consent.server.problems.bad_request"
handler404 = "consent.server.problems.not_found"
handler500 = "consent.server.problems.failed"
