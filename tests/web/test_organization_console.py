"""The console decides as a check does, tells why, and leaves no trace."""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.web.browserless import Browser, Site
    from tests.web.organization_world import Company

NASTY = '"><script>alert(1)</script>'
WHOLE = {
    "use": "train.voice",
    "territory": "DE",
    "language": "de",
    "purpose": "audiobook",
    "base_model": "any",
}


@pytest.fixture
def company(site: "Site") -> "Company":
    """A company of this test's own."""
    from tests.web.organization_world import Company

    return Company.of(site)


def ask(browser: "Browser", side: str = "live", **question: str) -> str:
    """The page that answers."""
    browser.get(f"/org/{side}/console")
    browser.post(question)
    return browser.text


def test_it_allows_and_says_why(company: "Company") -> None:
    person, grant = company.consent()
    browser = company.enter("developer")
    page = ask(browser, performer=company.world.reference(company.id, person), **WHOLE)
    assert "<strong>Allow</strong>" in page and grant in page
    assert "lets it through" in page and "is about something else" in page
    assert "consent check --performer prf_" in page and "/v1/check" in page
    assert "&quot;use&quot;: &quot;train.voice&quot;" in page


def test_it_denies_with_reasons_that_lead_to_their_words(company: "Company") -> None:
    from tests.registry.terms import TRAIN, terms

    german = {"kind": "territory", "v": 1, "allow": ["DE"]}
    line = {**TRAIN, "constraints": [german, *TRAIN["constraints"][1:]]}
    person, _grant = company.consent(terms=terms(line))
    reference = company.world.reference(company.id, person)
    browser = company.enter("developer")
    page = ask(browser, performer=reference, **{**WHOLE, "territory": "fr"})
    assert "<strong>Deny</strong>" in page and "/docs/reasons#territory" in page
    assert "The place is not wholly inside what was agreed" in page and "stands against it" in page
    page = ask(browser, performer=reference, use="train.voice")
    assert "Not said, but needed:" in page and "<code>territory</code>" in page
    assert "standing context" in page


def test_the_keys_context_and_promises_count(company: "Company") -> None:
    from tests.registry.terms import terms

    person, _grant = company.consent(terms=terms(obligations=["mark.c2pa"]))
    reference = company.world.reference(company.id, person)
    bare = company.key(name="bare")
    full = company.key(
        name="full",
        context={name: value for name, value in WHOLE.items() if name != "use"},
        capabilities=["mark.c2pa"],
    )
    browser = company.enter("developer")
    asked = {"performer": reference, "use": "infer.voice"}
    assert "/docs/reasons#obligation_unmet" in ask(browser, **asked, key=bare.id)
    page = ask(browser, **asked, key=full.id)
    assert "<strong>Allow</strong>" in page and "We put a signed label (C2PA) into every file" in page


def test_its_answers_are_those_of_a_check(company: "Company") -> None:
    person, grant = company.consent()
    world, reference = company.world, company.world.reference(company.id, person)
    browser = company.enter("developer")
    for step in (None, "suspension", "resumption", "revocation"):
        if step is not None:
            world.say(step, grant, person.key)
        for use in ("train.voice", "infer.image", "publish.ugc"):
            expected = world.ask(
                company.id, reference, use, **({} if use == "train.voice" else {"modality": None})
            )
            page = ask(browser, performer=reference, **{**WHOLE, "use": use})
            assert ("<strong>Allow</strong>" in page) == expected.allowed, (step, use)


def test_it_counts_nothing_and_keeps_nothing(company: "Company") -> None:
    from consent.log.models import Event
    from consent.registry.models import Counter, DecisionRecord
    from tests.registry.terms import COUNTED, terms

    person, _grant = company.consent(terms=terms(COUNTED))
    reference = company.world.reference(company.id, person)
    browser = company.enter("developer")
    before = (Event.objects.count(), DecisionRecord.objects.count(), Counter.objects.count())
    for _ in range(12):  # ten are allowed in all
        page = ask(browser, performer=reference, **{**WHOLE, "use": "infer.voice"})
        assert "<strong>Allow</strong>" in page and "A real check would have counted" in page
    assert (Event.objects.count(), DecisionRecord.objects.count(), Counter.objects.count()) == before


def test_who_is_unknown_and_who_is_somebody_elses_cannot_be_told_apart(
    site: "Site", company: "Company"
) -> None:
    from tests.web.organization_world import Company

    other = Company.of(site, "Kestrel Chat Ltd")
    person, grant = other.consent()
    theirs = other.world.reference(other.id, person)
    unknown = "prf_" + "a" * 26
    browser = company.enter("developer")
    pages = []
    for reference in (theirs, unknown):
        page = ask(browser, performer=reference, **WHOLE)
        page = page[page.index('id="answer"') : page.rindex("<form method")].replace(reference, "X")
        pages.append(_without_time(page))
        assert grant not in page and "/docs/reasons#performer_unknown" in page
    assert pages[0] == pages[1]
    page = ask(browser, performer=theirs, on_behalf_of=other.id, **WHOLE)
    assert grant not in page and "<strong>Deny</strong>" in page


def _without_time(page: str) -> str:
    import re

    return re.sub(r"decided in [0-9.]+ ms", "", page)


def test_a_malformed_question_is_told_beside_its_field(company: "Company") -> None:
    browser = company.enter("developer")
    for sent, field in (
        ({"use": "train.voice"}, "performer"),
        ({"performer": "x", "use": "train"}, "use"),
        ({"performer": "x", "use": "train.voice", "territory": "UK"}, "territory"),
        ({"performer": "x", "use": "train.voice", "language": "german!"}, "language"),
        ({"performer": "x", "use": "train.voice", "quantity": "many"}, "quantity"),
        ({"performer": "x", "use": "train.voice", "quantity": "9" * 30}, "quantity"),
        ({"performer": "x", "use": "train.voice", "on_behalf_of": "org"}, "on_behalf_of"),
        ({"performer": "\ud7ff\u0000", "use": "train.voice"}, "performer"),
    ):
        page = ask(browser, **sent)
        assert browser.status == 422 and f'id="f-{field}-error"' in page, (sent, field)


def test_whatever_is_asked_is_only_text(company: "Company") -> None:
    browser = company.enter("developer")
    name = NASTY.replace(" ", "")
    page = ask(browser, **{**WHOLE, "performer": name, "base_model": "$(reboot)';`id`"})
    assert "<script>alert" not in page and "&lt;script&gt;" in page
    assert "&#x27;$(reboot)&#x27;&quot;&#x27;&quot;&#x27;;`id`&#x27;" in page  # quoted for a shell


def test_the_other_side_is_not_asked(company: "Company") -> None:
    person, _grant = company.consent("test")
    reference = company.side("test").reference(company.id, person)
    browser = company.enter("developer")
    assert "<strong>Allow</strong>" in ask(browser, "test", performer=reference, **WHOLE)
    assert "/docs/reasons#performer_unknown" in ask(browser, "live", performer=reference, **WHOLE)


def test_a_question_can_be_begun_by_a_link(company: "Company") -> None:
    browser = company.enter("developer")
    browser.get("/org/live/console?performer=p225&use=infer.voice")
    assert 'value="p225"' in browser.text and '<option value="infer.voice" selected>' in browser.text


def test_every_use_reason_obligation_scope_and_event_has_words() -> None:
    from consent.core.obligations import OBLIGATIONS
    from consent.core.reasons import Reason
    from consent.core.uses import USES
    from consent.core.wire.keys import SCOPES
    from consent.web.organization.audit import kind_words
    from consent.web.organization.words import OBLIGATION_WORDS, SCOPE_WORDS, reason_words, use_words

    assert not [use for use in USES if use_words(use) == use or "(" in use_words(use)]
    assert not [reason for reason in Reason if reason_words(reason.value) == reason.value]
    assert set(OBLIGATION_WORDS) == OBLIGATIONS and set(SCOPE_WORDS) == set(SCOPES)
    known: Any = kind_words("api_key.created")
    assert known == "An API key was made"
