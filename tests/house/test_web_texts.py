"""Pages and mails: every word can be translated, no word is jargon, and nothing comes from elsewhere."""

import itertools
import re
from pathlib import Path

import pytest

from tests.house.template_text import TEMPLATES, Found, spoken, uncommented

PAGES = sorted((TEMPLATES / "web" / "pages").rglob("*.html"))
MAILS = sorted((TEMPLATES / "emails").rglob("*.html"))
LETTERS = sorted((TEMPLATES / "emails").rglob("*.txt"))
# Nobody should have to look up a word to know what they sign. Companies and operators read a little more.
JARGON = {"assertion", "challenge", "ceremony", "credential", "livemode", "origin", "webauthn", "attestation"}
ALSO_FOR_PERFORMERS = {"hash", "jws", "json", "statement", "payload", "uuid", "token", "api", "cryptographic"}


def _named(path: Path) -> str:
    return path.relative_to(TEMPLATES).as_posix()


every_page = pytest.mark.parametrize("path", PAGES, ids=_named)
every_template = pytest.mark.parametrize("path", PAGES + MAILS, ids=_named)


@every_template
def test_every_word_can_be_translated(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    only_attributes = path.stem.endswith("_attributes")
    assert Found(f"<p {source}>" if only_attributes else source).bare == []


@pytest.mark.parametrize("path", LETTERS, ids=_named)
def test_every_word_of_a_plain_mail_can_be_translated(path: Path) -> None:
    assert Found(path.read_text(encoding="utf-8").replace("<", " ").replace(">", " ")).bare == []


@every_template
def test_a_template_brings_no_style_no_handler_and_no_script_of_its_own(path: Path) -> None:
    for tag, attributes in Found(path.read_text(encoding="utf-8")).elements:
        # A mail has no stylesheet to rely on; a page has one, and its policy forbids others.
        assert path in MAILS or "style" not in attributes, (tag, attributes)
        assert path in MAILS or tag != "style", attributes
        assert not [name for name in attributes if name.startswith("on")], (tag, attributes)
        if tag == "script":
            assert "nonce" in attributes and attributes.get("src", "").startswith("/static/"), attributes  # type: ignore[union-attr]


@every_template
def test_nothing_is_fetched_from_elsewhere(path: Path) -> None:
    for tag, attributes in Found(path.read_text(encoding="utf-8")).elements:
        for name in ("href", "src", "action", "formaction", "srcset", "data", "poster"):
            assert not re.match(r"\s*(https?:)?//", attributes.get(name) or ""), (tag, attributes)
        assert tag not in {"iframe", "object", "embed", "base"}, tag


@pytest.mark.parametrize("path", PAGES + MAILS + LETTERS, ids=_named)
def test_no_word_needs_to_be_looked_up(path: Path) -> None:
    for_companies = path.parent.name in {"organization", "operator", "auditor"}
    forbidden = JARGON if for_companies else JARGON | ALSO_FOR_PERFORMERS
    for text in spoken(path.read_text(encoding="utf-8")):
        words = set(re.findall(r"[a-z]+", text.lower()))
        words |= {word.removesuffix("s") for word in words}
        assert not words & forbidden, text


@every_page
def test_a_page_has_its_language_and_one_heading(path: Path) -> None:
    source = uncommented(path.read_text(encoding="utf-8"))
    assert "<html" not in source or re.search(r'<html lang="[a-z{]', source)
    if not re.search(r"\{% block content %\}\s*\S", source) or "{% extends" not in source:
        return  # a part, or a frame for others
    # Two headings are one when a condition stands between them: only one of them is shown.
    content = source.partition("{% block content %}")[2]
    headings = [piece.start() for piece in re.finditer("<h1", content)]
    assert headings or "{% include" in content, "a page without a heading"
    for one, next_one in itertools.pairwise(headings):
        assert re.search(r"\{% (else|elif|endif)", content[one:next_one]), "two headings at once"


@every_page
def test_a_form_that_changes_something_carries_its_token(path: Path) -> None:
    source = uncommented(path.read_text(encoding="utf-8"))
    for form in re.findall(r'<form[^>]*method="post".*?</form>', source, flags=re.DOTALL | re.IGNORECASE):
        assert "{% csrf_token %}" in form or "parts/passkey.html" in form, form[:200]


def test_words_outside_a_translation_are_found() -> None:
    assert Found("<p>Hello {{ name }}</p>").bare == ["Hello"]
    assert Found('<p>{% translate "Hello" %} &nbsp;· 3</p><code>consent check</code>').bare == []
    assert Found('<img alt="A face"><input placeholder="{{ x }}">').bare == ["A face"]
    assert Found('{% include "a.html" with label="Your name" kind="text" only %}').bare == ['"Your name"']
    assert Found('{% include "a.html" with label=_("Your name") %}').bare == []
    assert Found("{% blocktranslate trimmed %}Hello <b>you</b>{% endblocktranslate %}").bare == []
    assert spoken('{% translate "One" %}{% include "a" with label=_("Two") %}') == ["One", "Two"]


def test_every_part_is_taken_by_a_page() -> None:
    templates = "\n".join(path.read_text(encoding="utf-8") for path in PAGES)
    parts = [path.name for path in PAGES if path.parent.name == "parts"]
    assert [name for name in parts if f"/{name}" not in templates] == []
