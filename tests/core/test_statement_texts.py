"""The short texts of what is signed besides a consent: exact bytes, plain words, no way out of its place."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from consent.core.consent_text import load_template, template_words
from consent.core.markdown import TextError, is_visible, parse_markdown
from consent.core.statement_texts import KINDS, CardWords, limits_text, statement_text
from consent.core.text_values import prohibition_words

NAUGHTY = Path(__file__).parents[1] / "vectors" / "hostile" / "naughty-strings.json"
CARDS = (
    CardWords(title="Make a copy", meaning="A computer learns.", facts=("For: games.", "Where: Spain.")),
    CardWords(title="Let it speak", meaning="It speaks.", facts=()),
)
# Of the text for BODY and CARDS. A version is never changed once something was signed with it: a correction
# is a new version, and these stay.
PINNED = {
    "cancellation": "8f0a6373da3efa682866b1d958d3c130936ecfaba283f7869a1f56e11de09f70",
    "confirmation": "7f8a38e1ebc579390c34f2468047d6dc3a448bbd96914e4f8ea039c3219cc4d0",
    "rescission": "0a95dddcbd50ef416e663598f0e8a88143b129bdbdad0b8f80fac6edadbdcd5e",
    "resumption": "8ec7b85e4a296a3eea8d98e4979da3774caaa5b0b91c8f659ff45e57c4d89f5d",
    "revocation": "3babb2187160436a885ac8097b79faff58ad779a12c8d038409ae691610fa4b6",
}


def body(**changes: Any) -> dict[str, Any]:
    return {
        "id": "grt_sample",
        "livemode": True,
        "performer_name": "Ada Quill",
        "licensee": {"legal_name": "Northlight Audio GmbH"},
        **changes,
    }


def shown(data: bytes) -> str:
    return "\n".join("".join(span.text for span in block.spans) for block in parse_markdown(data))


@pytest.mark.parametrize("kind", KINDS)
def test_every_text_names_who_and_what_and_says_that_it_can_be_ended(kind: str) -> None:
    text = shown(statement_text(kind, body=body(), cards=CARDS))
    for said in ("Ada Quill", "Northlight Audio GmbH", "grt_sample", "Make a copy", "Let it speak"):
        assert said in text
    assert "without a reason" in text or "I need no reason" in text


@pytest.mark.parametrize("kind", KINDS)
def test_the_bytes_of_a_version_never_change(kind: str) -> None:
    data = statement_text(kind, body=body(), cards=CARDS)
    assert hashlib.sha256(data).hexdigest() == PINNED[kind]


def test_a_second_yes_shows_every_fact_of_every_card() -> None:
    text = shown(statement_text("confirmation", body=body(), cards=CARDS))
    assert "For: games." in text and "Where: Spain." in text and "A computer learns." in text


@pytest.mark.parametrize("kind", KINDS)
def test_the_test_side_says_so(kind: str) -> None:
    assert "only a test" in shown(statement_text(kind, body=body(livemode=False), cards=CARDS))
    assert "only a test" not in shown(statement_text(kind, body=body(), cards=CARDS))


def test_hostile_names_stay_in_their_place_or_are_refused() -> None:
    strings = json.loads(NAUGHTY.read_text())
    tried = [each for each in strings if isinstance(each, str) and each.strip() == each and each][:400]
    assert len(tried) > 100
    plain = len(parse_markdown(statement_text("revocation", body=body(), cards=CARDS)))
    for name in tried:
        hostile = body(performer_name=name, licensee={"legal_name": name})
        if not is_visible(name) or "\n" in name:
            with pytest.raises(TextError):
                statement_text("revocation", body=hostile, cards=CARDS)
            continue
        data = statement_text("revocation", body=hostile, cards=CARDS)
        assert len(parse_markdown(data)) == plain and name in shown(data)


@pytest.mark.parametrize(("kind", "language"), [("grant", "en"), ("../words", "en"), ("revocation", "xx")])
def test_other_texts_do_not_exist(kind: str, language: str) -> None:
    with pytest.raises(TextError):
        statement_text(kind, body=body(), cards=CARDS, language=language)


def test_limits_say_each_prohibition_or_that_none_is_left() -> None:
    words = template_words(load_template("voice-clone", 1, "en"))
    never = [
        prohibition_words({"purposes": ["political"]}, words),
        prohibition_words({"uses": ["edit"]}, words),
    ]
    text = shown(limits_text(never=never, livemode=True))
    assert "Anything for politics." in text and "Change any recording of you." in text
    assert "I take back all limits" in shown(limits_text(never=[], livemode=True))
    assert "only a test" in shown(limits_text(never=never, livemode=False))
