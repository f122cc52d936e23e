"""The documentation of a running registry, under /docs."""

from collections.abc import Callable
from functools import cache

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path

from consent.api.ports import ApiPorts
from consent.api.urls import openapi_document
from consent.core.resources import templates
from consent.core.wire.problem_kinds import KINDS
from consent.log.new_history import losses
from consent.server.docs.manual import verbs
from consent.server.docs.page import SECTIONS, read_markdown, render, to_html
from consent.server.docs.reference import by_tag

_WRITTEN = frozenset(name for name, _ in SECTIONS) - {"api", "cli", "history", "problems"}


def docs_urls(ports: ApiPorts) -> list[URLPattern]:
    """All routes; the reference page arranges the OpenAPI document of `ports`."""
    tags = by_tag(openapi_document(ports))

    def api(request: HttpRequest) -> HttpResponse:
        return render(request, "docs/api.html", here="api", title="API", tags=tags)

    def history(request: HttpRequest) -> HttpResponse:
        told = losses(ports.registry.log)
        return render(request, "docs/history.html", here="history", title="Declared losses", losses=told)

    return [
        path("docs", lambda request: HttpResponseRedirect("/docs/start"), name="docs"),
        path("docs/api", api, name="docs-api"),
        path("docs/cli", _cli, name="docs-cli"),
        path("docs/history", history, name="docs-history"),
        path("docs/problems", _problems, name="docs-problems"),
        path("docs/problems/<slug:slug>", _problem, name="docs-problem"),
        path("docs/<slug:name>", _written, name="docs-page"),
        path("static/style.css", _served("style.css", "text/css; charset=utf-8"), name="stylesheet"),
        path("static/icon.svg", _served("icon.svg", "image/svg+xml"), name="icon"),
        path("static/benchmarks.svg", _served("benchmarks.svg", "image/svg+xml"), name="benchmarks-chart"),
    ]


def _written(request: HttpRequest, name: str) -> HttpResponse:
    if name not in _WRITTEN:
        raise Http404
    title = dict(SECTIONS)[name]
    return render(request, "docs/page.html", here=name, title=title, body=to_html(read_markdown(name)))


def _cli(request: HttpRequest) -> HttpResponse:
    return render(request, "docs/cli.html", here="cli", title="Command line", verbs=verbs())


def _problems(request: HttpRequest) -> HttpResponse:
    kinds = sorted(KINDS.values(), key=lambda kind: (kind.status, kind.code))
    return render(request, "docs/problems.html", here="problems", title="Problems", kinds=kinds)


def _problem(request: HttpRequest, slug: str) -> HttpResponse:
    kind = next((kind for kind in KINDS.values() if kind.slug == slug), None)
    if kind is None:
        raise Http404
    return render(request, "docs/problem.html", here="problems", title=kind.title, kind=kind)


def _served(name: str, kind: str) -> Callable[[HttpRequest], HttpResponse]:
    """A file of `templates/web` that documentation and pages share; it may be kept for five minutes."""

    @cache
    def body() -> bytes:
        return templates("web", name).read_bytes()

    def serve(request: HttpRequest) -> HttpResponse:
        response = HttpResponse(body(), content_type=kind)
        response.headers["Cache-Control"] = "max-age=300"
        return response

    return serve
