"""An offer in words: the same as in its text, nothing of the markup, and the dry run as sentences."""

from datetime import UTC, datetime
from typing import Any

import pytest

from consent.core.terms import LimitsTerms
from consent.web.could_words import could_words
from consent.web.offer_words import Licensee, OfferWords, language_for, offer_words
from tests.registry import terms

AT = datetime(2027, 1, 1, tzinfo=UTC)
ASKS = Licensee(legal_name="North_light & *Sons*", country="DE", contact="a_b@north.example")


def _words(offered: Any) -> OfferWords:
    return offer_words(offered, licensee=ASKS, livemode=True)


def test_plain_and_adult_lines_stand_apart_in_their_order() -> None:
    words = _words(terms.terms(terms.ADULT, terms.TRAIN, terms.INFER))
    assert [line.id for line in words.lines] == ["l1", "l2"]
    assert [line.id for line in words.adult_lines] == ["a1"] and words.adult_lines[0].adult
    assert set(words.line_ids) == {"l1", "l2", "a1"}


def test_a_family_is_one_title_over_all_that_follows_from_it() -> None:
    line = {**terms.INFER, "uses": ["infer"], "modalities": ["voice", "face", "body", "motion"]}
    shown = _words(terms.terms(line)).lines[0]
    assert shown.title == "Let any copy of you speak, act or appear"
    titles = [use.title for use in shown.uses]
    assert len(titles) > 4 and "Let your copied voice speak" in titles
    assert "Let people chat with a copy of you" not in titles, "that is never implied"


def test_what_is_in_the_text_is_what_is_on_the_card() -> None:
    from consent.core.consent_text import load_template, parse_markdown, render_text
    from consent.core.offers import in_language

    offered = terms.terms(terms.TRAIN, project={"ref": "A_1", "title": "The *light* [house]"})
    words = _words(offered)
    body = {
        **in_language(offered, language="en"),
        "licensee": {"legal_name": ASKS.legal_name, "country": "DE", "contact": ASKS.contact},
        "performer_name": "Ada",
        "livemode": True,
        "attestations": [],
        "supersedes": None,
    }
    text = render_text(load_template("voice-clone", 1, "en"), body=body)
    said = {"".join(span.text for span in block.spans) for block in parse_markdown(text)}
    use = words.lines[0].uses[0]
    assert {
        use.title,
        use.meaning,
        *use.facts,
        words.on_end_model,
        words.on_end_published,
        words.money,
    } <= said
    assert words.project == "The *light* [house]", "no backslash of the text's markup is left"


def test_another_language_falls_back_to_the_one_it_was_written_in() -> None:
    assert language_for(terms.terms(), "de") == "en" == language_for(terms.terms(), "en")


def test_with_nothing_switched_on_nothing_could_be_done() -> None:
    could = could_words(terms.terms(), [], at=AT)
    assert could.can == () and len(could.cannot) == 1


@pytest.mark.parametrize("lines", [["l1"], ["l2"], ["l1", "l2"], ["a1"], ["l1", "l2", "a1"]])
def test_no_sentence_is_both_possible_and_impossible(lines: list[str]) -> None:
    could = could_words(terms.terms(terms.TRAIN, terms.INFER, terms.ADULT), lines, at=AT)
    assert could.can and could.cannot
    for said in could.can:
        assert not any(said.startswith(never) for never in could.cannot), said


def test_a_switch_more_never_takes_a_possibility_away() -> None:
    offered = terms.terms(terms.TRAIN, terms.INFER)
    one, both = could_words(offered, ["l1"], at=AT), could_words(offered, ["l1", "l2"], at=AT)
    assert set(one.can) <= set(both.can)


def test_the_performers_own_limits_count() -> None:
    never = {"v": 1, "schema": "consent-registry/limits/v1", "never": [{"uses": ["train"]}]}
    could = could_words(terms.terms(), ["l1", "l2"], at=AT, limits=LimitsTerms.from_json(never))
    assert not any("make a computer copy of your voice" in said for said in could.can)
    assert any("make a computer copy of your voice" in said for said in could.cannot)


def test_a_narrow_offer_says_where_it_ends() -> None:
    narrow = terms.line(
        "n1",
        "infer.voice",
        {"kind": "territory", "v": 1, "allow": ["DE"]},
        terms.LANGUAGES,
        {"kind": "commercial", "v": 1, "allowed": False},
        {"kind": "end_users", "v": 1, "scope": "internal", "age_assured": False},
        purposes=["audiobook"],
    )
    said = " | ".join(could_words(terms.terms(narrow), ["n1"], at=AT).cannot)
    for words in ("everywhere in the world", "earn money with it", "let just anybody use it", "politics"):
        assert words in said, said
