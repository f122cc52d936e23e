"""An organization's pages: what each role sees, does, and never learns."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.web.browserless import Site
    from tests.web.organization_world import Company


@pytest.fixture
def company(site: "Site") -> "Company":
    """A company of this test's own."""
    from tests.web.organization_world import Company

    return Company.of(site)


def test_a_member_comes_in_by_the_link_and_lands_on_the_companys_page(company: "Company") -> None:
    browser = company.enter("owner")
    assert browser.path == "/org/live"
    assert "Northlight Audio GmbH" in browser.text
    for words in (
        "Requests",
        "Consents",
        "API keys",
        "Console",
        "Members",
        "History",
        "Test side",
        "you and your passkeys",
    ):
        assert words in browser.text


PATHS = (
    "", "/offers", "/offers/new", "/offers/new/json", "/offers/new/voice-clone", "/offers/new/likeness",
    "/offers/new/persona", "/offers/new/dubbing", "/consents", "/keys", "/keys/new", "/console", "/members",
    "/members/invite", "/me", "/audit",
)  # fmt: skip


def test_every_page_opens_on_both_sides(company: "Company") -> None:
    browser = company.enter("owner")
    for side in ("live", "test"):
        company.consent(side)
        company.draft(side)
        for path in PATHS:
            assert browser.get(f"/org/{side}{path}").status_code == 200, (path, browser.text)
            assert ("Test side: nothing here is real" in browser.text) == (side == "test")
            assert len(browser.last.content) < 100_000  # type: ignore[union-attr]
