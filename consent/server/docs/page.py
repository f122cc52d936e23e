"""One page: a template of `templates/web/docs`, filled and answered; and Markdown as safe HTML."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template import Context, Engine
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt

from consent.core.resources import templates

# Markdown of our own files only; raw HTML stays off all the same.
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")

SECTIONS = (
    ("start", "Start"),
    ("asking", "Asking"),
    ("local", "On your machine"),
    ("changes", "Change feed"),
    ("authzen", "AuthZEN"),
    ("limits", "Limits"),
    ("reasons", "Reason codes"),
    ("constraints", "Constraints"),
    ("uses", "Uses"),
    ("problems", "Problems"),
    ("promises", "Promises"),
    ("erasure", "Being forgotten"),
    ("cli", "Command line"),
    ("settings", "Settings"),
    ("running", "Running it"),
    ("publishing", "The public log"),
    ("status", "Status lists"),
    ("past", "What was so at that time"),
    ("evidence", "Evidence"),
    ("verify", "Verifying"),
    ("log", "Checking the log"),
    ("witness", "Running a witness"),
    ("metrics", "Figures and alerts"),
    ("backups", "Backups"),
    ("history", "Declared losses"),
    ("benchmarks", "Benchmarks"),
    ("api", "API"),
)


def to_html(markdown: str) -> SafeString:
    """Markdown as HTML, with an anchor on each heading that is a single word or code."""
    tokens = _MARKDOWN.parse(markdown)
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            text = tokens[place + 1].content
            if token.tag != "h1" and " " not in text:
                token.attrSet("id", text)
        elif token.type == "fence":
            token.attrSet("tabindex", "0")  # so that a keyboard can scroll it
    html = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    # On a phone a wide table scrolls by itself, by keyboard too. Written tags are escaped, so these are ours.
    html = html.replace("<table>", '<div class="scroll" tabindex="0" role="group" aria-label="Table"><table>')
    return SafeString(html.replace("</table>", "</table></div>"))


@cache
def read_markdown(name: str) -> str:
    """The text of `templates/docs/<name>.md`.

    Raises:
        FileNotFoundError: there is no such page.
    """
    return templates("docs", f"{name}.md").read_text(encoding="utf-8")


def render(request: HttpRequest, template: str, *, here: str, **values: Any) -> HttpResponse:
    """Fill `template`; `here` is the section that the menu marks."""
    context: Mapping[str, Any] = {"sections": SECTIONS, "here": here, **values}
    html = _engine().get_template(template).render(Context(context))
    response = HttpResponse(html)
    response.headers["Cache-Control"] = "no-cache"
    return response


@cache
def _engine() -> Engine:
    return Engine(dirs=[str(templates("web"))], autoescape=True)
