"""A walk through all pages: every link is followed once for each kind of page, and each page is looked at."""

import re
from collections import deque
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from playwright.sync_api import Error

from tests.browser.inspecting import Findings, look
from tests.browser.people import Person
from tests.browser.place import Place
from tests.browser.visitor import Visitor

MAX_BYTES = 100_000
_IDS = re.compile(
    r"(?:[a-z]{3}_(?:test_)?[a-z0-9_]+|[A-Za-z0-9_-]{30,}|[0-9A-Z]{4}(?:-[0-9A-Z]{4})+|(?<=/)\d+(?=/|$))"
)
_ELSEWHERE = ("/docs", "/leave", "/static", "/mail", "/metrics", "/readyz", "/healthz")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One page as one viewer got it. `examines`: it shows the people that an operator examines."""

    name: str
    path: str
    viewer: Person | None
    examines: bool
    title: str
    html: str


@dataclass(slots=True)
class Tour:
    """Everything that was seen, by whom."""

    place: Place
    findings: Findings = field(default_factory=Findings)
    seen: list[Seen] = field(default_factory=list)

    def look(
        self, visitor: Visitor, name: str, viewer: Person | None = None, *, examines: bool = False
    ) -> None:
        """Examine, weigh and keep the open page."""
        page = visitor.page
        known = name in self.findings.bytes_by_name  # the same page for the next person
        self.findings.bytes_by_name[name] = visitor.bytes_of_page()
        self.seen.append(
            Seen(
                name=name,
                path=visitor.path,
                viewer=viewer,
                examines=examines,
                title=page.title(),
                html=page.content(),
            )
        )
        if not known:
            look(page, name, self.findings)

    def crawl(
        self, visitor: Visitor, start: str, who: str, viewer: Person | None = None, *, skip: str = r"$^"
    ) -> list[str]:
        """Follow every link of ours from `start`, one page of each kind; the kinds that were seen."""
        waiting, kinds = deque([start]), set[str]()
        while waiting:
            url = waiting.popleft()
            kind = kind_of(url)
            if kind in kinds or re.search(skip, kind):
                continue
            kinds.add(kind)
            try:
                visitor.go(url)
            except Error as exc:
                if "Download is starting" in str(exc) or "ERR_ABORTED" in str(exc):
                    continue
                raise
            if visitor.page.evaluate("document.contentType") != "text/html":
                continue  # a proof or a key, shown as the text that it is
            if (arrived := kind_of(visitor.page.url)) != kind:  # it led on to another page
                if arrived in kinds:
                    continue
                kinds.add(arrived)
            self.look(
                visitor, name_of(who, visitor.page.url), viewer, examines="/operator/identity" in visitor.path
            )
            for link in visitor.page.locator("a[href]").all():
                there = urljoin(visitor.page.url, link.get_attribute("href") or "")
                parts = urlsplit(there)
                ours = f"{parts.scheme}://{parts.netloc}" == self.place.main
                if ours and not parts.path.startswith(_ELSEWHERE) and kind_of(there) not in kinds:
                    waiting.append(there.partition("#")[0])
        return sorted(kinds)

    def leaks(self, people: list[Person]) -> list[str]:
        """Where one person's identity stands on somebody else's page, or in any title."""
        found = []
        for page in self.seen:
            for person in people:
                for secret in person.secrets():
                    if secret.lower() in page.title.lower():
                        found.append(f"{page.name}: the title says {secret!r}")
                    if (
                        page.viewer is not person
                        and not page.examines
                        and secret.lower() in page.html.lower()
                    ):
                        found.append(f"{page.name}: shows {secret!r}")
        return found

    def too_heavy(self) -> list[str]:
        """Pages of 100 kB or more on the wire."""
        weights = self.findings.bytes_by_name
        return [f"{name}: {weight} bytes" for name, weight in weights.items() if weight >= MAX_BYTES]


def kind_of(url: str) -> str:
    """The path with every id, code, token and number left out."""
    return _IDS.sub("*", urlsplit(url).path)


def name_of(who: str, url: str) -> str:
    """A file name for a page."""
    kind = kind_of(url).strip("/").replace("*", "one").replace("/", "-")
    return f"{who}-{kind.removeprefix(f'{who}-') or 'start'}"
