"""What a performer reads: exact bytes, plain words, and no way out of its place for a name."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from consent.core import content
from consent.core.consent_text import TEMPLATES, TextError, load_template, parse_markdown, render_text
from consent.core.constraints import REGISTER
from consent.core.modalities import MODALITIES
from consent.core.obligations import OBLIGATIONS
from consent.core.purposes import FLAGS, PURPOSES
from consent.core.text_template import parse_words
from consent.core.uses import FAMILIES, USES
from tests.core.bodies import grant_body, line_for

Json = dict[str, Any]
NAUGHTY = Path(__file__).parents[1] / "vectors" / "hostile" / "naughty-strings.json"
WORDS_FILE = Path(__file__).parents[2] / "templates" / "consent" / "words" / "1" / "en.md"

ADULT = {
    "content_max": "explicit-solo",
    "constraints": {
        "adult_terms": {"terms": ["explicit-solo", "fetish:latex", "nudity"], "scene_partners": "none"},
        "rate": {"per_day": 5},
        "end_users": {"scope": "public", "age_assured": True},
    },
}
FULL = {
    "purposes": ["advertise", "audiobook"],
    "content_max": "suggestive",
    "constraints": {
        "territory": {"allow": ["WORLD"], "deny": ["RU", "US-NY"]},
        "language": {"ranges": ["de", "en-GB", "gsw"]},
        "commercial": {"allowed": False},
        "end_users": {"scope": "identified_customers", "age_assured": True},
        "max_outputs": {"limit": 12000},
        "rate": {"per_day": 5},
        "model": {"ids": ["mdl_test_a"]},
        "themes": {"allowed": ["hate"]},
        "purpose": {"flags": ["endorsement", "medical"]},
        "term": {"not_before": "2027-01-01T00:00:00Z", "not_after": "2027-06-01T08:30:00Z"},
    },
}


def render(body: Json, template: str = "voice-clone") -> str:
    data = render_text(load_template(template, 1, "en"), body=body)
    parse_markdown(data)
    return data.decode("utf-8")


def body_of(*lines: Json, **changes: Any) -> Json:
    return grant_body(list(lines) or [line_for("train.voice")], **changes)


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("use", sorted(set(USES) - {"sublicense.grant"}))
def test_every_template_shows_every_use_as_a_card(template: str, use: str) -> None:
    text = render(body_of(line_for(use)), template)
    words = parse_words(WORDS_FILE.read_text(encoding="utf-8"))
    assert f"### {words[f'use.{use}']}\n" in text
    assert words[f"use.{use}.means"] in text
    assert text.count("### ") == 1


def test_the_bytes_are_utf_8_with_line_feeds_and_the_same_every_time() -> None:
    body = body_of(performer_name="Zoë Ødegård 李")
    template = load_template("voice-clone", 1, "en")
    data = render_text(template, body=body)
    assert data == render_text(template, body=json.loads(json.dumps(body)))
    assert b"\r" not in data
    assert data.endswith(b"\n")
    assert not data.endswith(b"\n\n")
    assert "Zoë Ødegård 李" in data.decode("utf-8")
    with_hash = {**body, "template": {**body["template"], "text_sha256": "0" * 64}}
    assert render_text(template, body=with_hash) == data


def test_every_term_is_said() -> None:
    text = render(
        body_of(
            line_for("infer.voice", **FULL),
            line_for(
                "train.voice", id="l2", constraints={"source_material": {"sha256": ["a" * 64, "b" * 64]}}
            ),
            line_for("infer.image", id="l3", **ADULT),
            line_for("infer.chat-persona", id="l4"),
            recipients=[{"id": "org_test_host", "legal_name": "Cloud Co", "role": "host"}],
            prohibitions=[{"uses": ["edit.undress"]}, {"uses": ["infer"], "territories": ["US"]}],
            obligations=["label.audible", "mark.c2pa"],
            posthumous={"allowed": True, "years": 3},
            exclusive={"uses": ["infer.voice"], "until": "2027-12-01T00:00:00Z", "territories": ["DE"]},
            representation={"kind": "agent", "name": "Lee Agents"},
            replaces_in_person_work=True,
            livemode=True,
            supersedes="grt_test_old",
        )
    )
    for said in (
        "Northlight Audio GmbH asks to use your voice",
        "Mo Star",
        "consent@northlight.example",
        "Three winter books (number NL-2027-03)",
        "it takes the place of the older one",
        "With them works Cloud Co. This company keeps the copy on its computers.",
        "For: advertising and audiobooks. For nothing else.",
        "saying that you like or recommend something and medical advice",
        "flirting and hints, nobody undressed",
        "Where: the whole world.",
        "Not in: New York (US-NY) and Russian Federation.",
        "German, English (en-GB) and the language with the code gsw",
        "They may not earn money with it.",
        "Only customers whom they know by name may use it.",
        "they must check the age of the people who use it",
        "At most 12,000 results in all.",
        "At most 5 results a day.",
        r"Only with these copies of you: mdl\_test\_a.",
        "These hard topics may come up: hate.",
        "Not before 1 January 2027, 00:00 UTC.",
        "Not after 1 June 2027, 08:30 UTC.",
        "Only from 2 files that are listed in the signed copy.",
        "With any AI model they choose.",
        "## Adult content",
        "sex scenes of you alone, latex as a fetish and showing you without clothes",
        "You are always alone in the scene.",
        "This one is special. It needs its own yes from you.",
        "Show you without clothes, though you wore some.",
        "It starts on 1 December 2026, 00:00 UTC. It ends on 1 December 2028, 00:00 UTC.",
        "they may go on for 3 years",
        "The copy of you must be deleted within 30 days, with proof.",
        "What was already shown or sold may stay.",
        "They must let people hear that it was made by a computer.",
        "You are paid.",
        "An agent speaks for you: Lee Agents.",
        "This can take the place of work that you would do yourself.",
        "you may not allow this to anybody else: Let your copied voice speak. This counts in: Germany.",
        "I am 18 years old or older.",
        "Nobody forces me or threatens me.",
    ):
        assert said in text, said
    assert "only a test" not in text


def test_a_test_side_text_says_that_it_is_a_test() -> None:
    assert "**This is only a test. It is not real, and it counts for nothing.**" in render(body_of())


def test_a_term_stands_only_on_the_cards_that_it_binds() -> None:
    text = render(body_of(line_for("infer.image", uses=["infer.image", "infer.voice"],
                                   modalities=["body", "face", "voice"],
                                   constraints={"language": {"ranges": ["de"]}})))  # fmt: skip
    image, voice = sorted(text.split("### ")[1:])
    assert "Languages" in image
    assert "Languages" not in voice


def test_a_family_shows_every_use_in_it_and_none_that_is_never_implied() -> None:
    text = render(body_of(line_for("train.voice", uses=["train"])))
    titles = re.findall(r"^### (.*)$", text, re.MULTILINE)
    assert len(titles) == 7
    assert "Teach a large general AI with your recordings" not in titles


def test_a_tier_that_is_never_allowed_takes_the_tiers_above_it_along() -> None:
    text = render(body_of(prohibitions=[{"content_tiers": ["nudity"]}]))
    assert "sex scenes with others, sex scenes of you alone and without clothes" in text


def structure(text: str) -> list[str]:
    return [block.kind for block in parse_markdown(text.encode("utf-8"))]


HOSTILE_NAMES = (
    "**bold** and _soft_",
    "# Heading",
    "- item",
    "> quote",
    "1. first",
    "12) second",
    "{{licensee}}",
    "{{#cards}}",
    "[click](https://evil.example)",
    "![x](y)",
    "<script>alert(1)</script>",
    "&lt;b&gt;",
    "`code`",
    "a | b",
    "~~gone~~",
    "back\\slash\\",
    "\\**",
    "***",
    "---",
    "===",
    "+ plus",
    "= equals",
    "$(rm -rf)",
    "'; DROP TABLE grants; --",
    "---words---",
    "use.train.voice = Nothing at all",
)


@pytest.mark.parametrize("name", HOSTILE_NAMES)
@pytest.mark.parametrize(
    "place", ["performer_name", "legal_name", "contact", "title", "description", "recipient", "agent"]
)
def test_a_hostile_name_shows_its_characters_and_changes_nothing_else(name: str, place: str) -> None:
    benign, hostile = body_with(place, "Harmless"), body_with(place, name)
    text = render(hostile)
    assert structure(text) == structure(render(benign))
    shown = "\n".join("".join(span.text for span in block.spans) for block in parse_markdown(text.encode()))
    expected = "\n".join(
        "".join(span.text for span in block.spans) for block in parse_markdown(render(benign).encode())
    )
    assert shown == expected.replace("Harmless", name)


def body_with(place: str, value: str) -> Json:
    body = body_of(
        recipients=[{"id": "org_test_host", "legal_name": "Cloud Co", "role": "host"}],
        representation={"kind": "agent", "name": "Lee Agents"},
    )
    match place:
        case "performer_name":
            body["performer_name"] = value
        case "legal_name" | "contact":
            body["licensee"] = {**body["licensee"], place: value}
        case "title":
            body["project"] = {**body["project"], "title": value}
        case "description":
            body["lines"][0]["description"] = value
        case "recipient":
            body["recipients"][0]["legal_name"] = value
        case _:
            body["representation"]["name"] = value
    return body


@pytest.mark.parametrize(
    "name",
    ["", "  ", " x", "x ", "a\nb", "a\r\nb", "a\tb", "a\x00b", "a\u202eb", "a\u2028b", "a\u200bb", "\ufeffa",
     "e\u0301", "\ue000", "\U000e0041", "a\x85b", "x" * 201],
)  # fmt: skip
def test_a_name_that_hides_reorders_or_breaks_text_is_refused(name: str) -> None:
    with pytest.raises(TextError):
        render(body_of(performer_name=name))


@pytest.mark.parametrize(
    "naughty", json.loads(NAUGHTY.read_text(encoding="utf-8")) if NAUGHTY.is_file() else []
)
def test_naughty_strings_are_shown_as_they_are_or_refused(naughty: Any) -> None:
    name = naughty if isinstance(naughty, str) else str(naughty)
    try:
        text = render(body_of(performer_name=name))
    except TextError:
        return
    assert structure(text) == structure(render(body_of()))


def test_a_description_of_several_paragraphs_stays_a_quotation() -> None:
    text = render(body_of(line_for("train.voice", description="First thing.\n\n# Second thing\n**Third**")))
    assert "> First thing.\n> \\# Second thing\n> \\*\\*Third\\*\\*\n" in text


@pytest.mark.parametrize(
    "broken",
    [
        {"performer_name": None},
        {"licensee": None},
        {"licensee": {"legal_name": "x"}},
        {"valid_from": "soon"},
        {"valid_from": 5},
        {"lines": [{"uses": ["train.voice"]}]},
        {"lines": 5},
        {"obligations": ["dance.naked"]},
        {"prohibitions": [{"moons": ["full"]}]},
        {"on_end": {"published": "perhaps", "model": "delete", "model_days": 1}},
        {"posthumous": {"allowed": True}},
        {"exclusive": 5},
        {"attestations": ["I_am_the_king"]},
    ],
)
def test_a_body_that_cannot_be_shown_is_refused(broken: Json) -> None:
    with pytest.raises(TextError):
        render({**body_of(), **broken})


def test_a_constraint_that_nobody_knows_cannot_be_shown() -> None:
    line = line_for("train.voice", raw_constraints=[{"kind": "moon_phase", "v": 1}])
    with pytest.raises(TextError):
        render(body_of(line))


@pytest.mark.parametrize(
    ("template_id", "version", "language"),
    [("words", 1, "en"), ("../words", 1, "en"), ("voice-clone", 99, "en"), ("voice-clone", 1, "tlh"),
     ("voice-clone", 1, "../en"), ("voice-clone", 1, "")],
)  # fmt: skip
def test_a_template_that_does_not_exist_is_refused(template_id: str, version: int, language: str) -> None:
    with pytest.raises(TextError):
        load_template(template_id, version, language)


def test_there_is_a_word_for_everything() -> None:
    words = parse_words(WORDS_FILE.read_text(encoding="utf-8"))
    needed = {f"use.{name}" for name in [*USES, *FAMILIES]}
    needed |= {f"use.{name}.means" for name, use in USES.items() if not use.reserved}
    needed |= {f"modality.{name}" for name in MODALITIES} | {f"purpose.{name}" for name in PURPOSES}
    needed |= {f"flag.{name}" for name in FLAGS} | {f"tier.{name}" for name in content.TIERS}
    needed |= {f"adult.{name}" for name in content.ADULT_TERMS} | {f"theme.{name}" for name in content.THEMES}
    needed |= {f"obligation.{name}" for name in OBLIGATIONS} | {f"month.{month}" for month in range(1, 13)}
    needed |= {f"fact.partners.{name}" for name in content.SCENE_PARTNERS}
    assert needed <= set(words)
    assert len(REGISTER) == 18  # a new constraint needs its words here too


def _syllables(word: str) -> int:
    groups = re.findall(r"[aeiouy]+", word.lower())
    silent = word.lower().endswith("e") and not word.lower().endswith("le") and len(groups) > 1
    return max(1, len(groups) - silent)


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_words_are_those_of_a_twelve_year_old(template: str) -> None:
    """Flesch-Kincaid grade (Kincaid et al. 1975) of everything but what the licensee wrote: at most 6."""
    lines = [line_for(use, id=f"l{n}") for n, use in enumerate(sorted(set(USES) - {"sublicense.grant"}))]
    lines.append(line_for("infer.image", id="adult", **ADULT))
    body = body_of(*lines, obligations=sorted(OBLIGATIONS), prohibitions=[{"uses": ["edit.undress"]}])
    blocks = parse_markdown(render(body, template).encode())
    prose = [
        "".join(span.text for span in block.spans) for block in blocks if block.kind in ("paragraph", "item")
    ]
    sentences = [each for text in prose for each in re.split(r"(?<=[.!?])\s+", text) if each]
    words = [each for text in sentences for each in re.findall(r"[A-Za-z']+", text)]
    grade = 0.39 * len(words) / len(sentences) + 11.8 * sum(map(_syllables, words)) / len(words) - 15.59
    assert grade <= 6.0, grade
    longest = max(sentences, key=lambda each: len(each.split()))
    assert len(longest.split()) <= 26, longest
