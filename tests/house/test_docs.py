"""The documentation names everything that exists, and nothing that does not."""

import re
from pathlib import Path

import pytest

from consent.core.constraints import REGISTER
from consent.core.reasons import Reason
from consent.core.uses import USES
from consent.server.settings.names import SETTINGS

DOCS = Path(__file__).parents[2] / "templates" / "docs"
CLIENT_SETTINGS = {
    "CONSENT_URL",
    "CONSENT_API_KEY",
    "CONSENT_API_KEY_FILE",
    "CONSENT_TRUST",
    "CONSENT_PERFORMER_KEY",
}


def _headings(page: str, level: str) -> list[str]:
    return re.findall(rf"^{level} (\S+)$", (DOCS / page).read_text(), flags=re.MULTILINE)


def test_every_reason_code_has_a_heading_in_its_fixed_order() -> None:
    assert _headings("reasons.md", "##") == [reason.value for reason in Reason]


def test_every_constraint_has_a_heading() -> None:
    assert sorted(_headings("constraints.md", "##")) == sorted(REGISTER)


def test_every_use_has_a_heading() -> None:
    assert _headings("uses.md", "###") == list(USES)


def test_every_setting_has_a_heading() -> None:
    assert set(_headings("settings.md", "##")) == {setting.name for setting in SETTINGS} | CLIENT_SETTINGS


@pytest.mark.parametrize("page", sorted(path.name for path in DOCS.glob("*.md")))
def test_links_between_pages_lead_somewhere(page: str) -> None:
    generated = {"api", "history", "problems"}
    pages = {path.stem for path in DOCS.glob("*.md")} | generated
    linked = re.findall(r"\]\(/docs/([a-z]+)", (DOCS / page).read_text())
    assert set(linked) <= pages
