"""Arriving on the signing origin: a ticket becomes a task, and the browser goes to its page."""

from django.http import HttpResponse

from consent.web.handoffs import begin_task, take
from consent.web.page import Page

# Where each task happens; `{subject}` is the offer or the grant.
ADDRESSES = {
    "join": "/join",
    "recover": "/recover-key",
    "add-key": "/keys/add",
    "sign": "/sign/{subject}",
    "confirm": "/confirm/{subject}",
    "rescind": "/rescind/{subject}",
    "end": "/end/{subject}",
    "resume": "/resume/{subject}",
    "cancel": "/cancel/{subject}",
    "limits": "/limits/sign",
    "erase": "/erase/sign",
}


def arrive(page: Page, *, ticket: str) -> HttpResponse:
    """Take the ticket up, begin a new session with its task, and go on."""
    task = begin_task(page, take(page, ticket))
    return page.to(ADDRESSES[task.name].format(subject=task.subject))
