"""The first page: what this is, for whoever comes."""

from django.http import HttpResponse

from consent.web.page import Page


def start(page: Page) -> HttpResponse:
    """Three ways in, and the way home for somebody who is signed in."""
    return page.render("public/start.html")
