"""One registry and one Chromium for all browser tests; a visitor per person, watched to the end."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser import chromium
from tests.browser.people import Person, join, somebody
from tests.browser.place import Place
from tests.browser.visitor import Visitor
from tests.integration.running import new_folder

HERE = Path(__file__).parent

Visit = Callable[..., Visitor]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test of this folder needs the browser."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.needs(chromium.PROGRAM))


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The one Chromium. It ends with this folder: its event loop would keep Django from the database."""
    with sync_playwright() as playwright:
        running = chromium.launch(playwright)
        yield running
        running.close()


@pytest.fixture(scope="package")
def place() -> Iterator[Place]:
    """A registry as `make run` starts it."""
    running = Place(new_folder())
    try:
        running.start()
        yield running
    finally:
        running.stop()
        shutil.rmtree(running.folder, ignore_errors=True)


@pytest.fixture(scope="package")
def performer(browser: Browser, place: Place) -> Person:
    """Somebody who has joined with a passkey and whom the operator has approved. All tests share their consents."""
    return _joined(browser, place)


@pytest.fixture
def newcomer(browser: Browser, place: Place) -> Person:
    """The same, but nobody else's: for tests that ask whether anything is allowed at all."""
    return _joined(browser, place)


def _joined(browser: Browser, place: Place) -> Person:
    visitor = Visitor(browser, origins=place.origins)
    person = somebody()
    join(visitor, place, place.invite()[1], person)
    visitor.leave()
    place.approve_everybody()
    return person


@pytest.fixture
def visit(browser: Browser, place: Place) -> Iterator[Visit]:
    """Makes visitors: `visit(size=DESKTOP, javascript=False, …)`. None may have done what a guard forbids."""
    made: list[Visitor] = []

    def visitor(**manner: object) -> Visitor:
        made.append(Visitor(browser, origins=place.origins, **manner))  # type: ignore[arg-type]
        return made[-1]

    yield visitor
    faults = [fault for each in made for fault in each.guard.faults()]
    for each in made:
        each.leave()
    assert faults == []
