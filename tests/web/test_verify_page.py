"""The verify page: its script may run and fetch the trust file, and nothing else may."""

import re
from typing import TYPE_CHECKING

import pytest

from consent.core.resources import templates

if TYPE_CHECKING:
    from tests.web.browserless import Site

MODULES = {path.stem for path in templates("web", "static", "verify").iterdir()}  # type: ignore[attr-defined]


def test_the_page_allows_its_own_script_and_nothing_from_elsewhere(site: "Site") -> None:
    from tests.web.browserless import MAIN

    browser = site.browser()
    browser.get(f"{MAIN}/verify")
    policy = browser.last.headers["Content-Security-Policy"]
    nonce = re.search(r"script-src 'nonce-([\w-]+)';", policy)
    assert nonce and f'src="/static/verify/page.js" nonce="{nonce[1]}"' in browser.text
    assert "connect-src 'self';" in policy and "default-src 'none'" in policy
    assert "passkey.js" not in browser.text and "unsafe" not in policy
    browser.get("/log")
    assert "connect-src" not in browser.last.headers["Content-Security-Policy"]
    assert not browser.cookies(MAIN), "reading leaves nothing behind"


@pytest.mark.parametrize("name", sorted(MODULES))
def test_every_part_of_the_verifier_is_served(site: "Site", name: str) -> None:
    from tests.web.browserless import MAIN

    browser = site.browser()
    browser.get(f"{MAIN}/static/verify/{name}.js")
    assert browser.status == 200
    assert browser.last.headers["Content-Type"].startswith("text/javascript")
    source = browser.text
    assert set(re.findall(r'(?:from |import\()"\./([a-z0-9_]+)\.js"', source)) <= MODULES
    for word in ("eval(", "innerHTML", "localStorage", "XMLHttpRequest", "sendBeacon"):
        assert word not in source
    assert ("fetch(" in source) == (name == "page")


def test_no_other_file_is_served_as_a_part(site: "Site") -> None:
    from tests.web.browserless import MAIN

    for name in ("passkey_", "../passkey", "unknown", "page.js"):
        browser = site.browser()
        browser.get(f"{MAIN}/static/verify/{name}.js")
        assert browser.status == 404


def test_every_fact_in_words_has_its_word_on_the_page() -> None:
    page = templates("web", "pages", "auditor", "verify.html").read_text(encoding="utf-8")
    script = templates("web", "static", "verify", "page.js").read_text(encoding="utf-8")
    spoken = set(re.findall(r'data-word="(\w+)"', page))
    assert set(re.findall(r'word\("(\w+)"\)', script)) <= spoken
    kinds = ("receipt", "batch receipt", "grant package", "acknowledgement", "receipt with log proof")
    assert {kind.replace(" ", "_") for kind in kinds} <= spoken
