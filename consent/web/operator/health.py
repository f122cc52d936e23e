"""How the registry is: what it can use, where its history stands, what waits, what it is made of."""

import platform

import django
from django.db import connection
from django.http import HttpResponse
from django.utils.translation import gettext as _

from consent.log import outbox
from consent.log.heads import read_head
from consent.log.models import Enforcement
from consent.registry.queries.identity import count_waiting_identity
from consent.web.page import Page
from consent.web.who import SignedInOperator


def health(page: Page, who: SignedInOperator) -> HttpResponse:
    """The figures of this moment, as /readyz and /metrics have them."""
    waiting, oldest_s = outbox.figures()
    major, minor = divmod(connection.pg_version, 10_000)  # type: ignore[attr-defined]  # PostgreSQL's own
    return page.render(
        "operator/health.html",
        here="health",
        missing=dict(page.ports.missing()),
        heads=[
            (words, read_head(livemode).seq) for words, livemode in ((_("Live"), True), (_("Test"), False))
        ],
        mail_waiting=waiting,
        mail_oldest_s=round(oldest_s),
        enforcing=Enforcement.objects.filter(enforced_at=None).count(),
        people=count_waiting_identity(),
        versions=[
            (_("Registry"), page.ports.version),
            ("Python", platform.python_version()),
            ("Django", django.get_version()),
            ("PostgreSQL", f"{major}.{minor}"),
        ],
        now=page.now,
    )
