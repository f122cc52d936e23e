"""An offer in plain words: what its text will say, as values a page can lay out.

The words are those of the consent text itself (`templates/consent/words`), so that a card on a page and the
card in the signed text never differ.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from consent.core.consent_text import TextError, load_template, template_words
from consent.core.content import TIER_RANK
from consent.core.instants import parse_instant
from consent.core.offers import expand_offer, in_language
from consent.core.term_error import TermError
from consent.core.text_template import Words, word
from consent.core.text_values import text_values

_ESCAPED: Final = re.compile(r"\\(.)")
_ADULT_RANK: Final = TIER_RANK["nudity"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Licensee:
    """Who asks."""

    legal_name: str
    country: str
    contact: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UseWords:
    """One use of a line: its name, what it means, and what bounds it, a sentence each."""

    title: str
    meaning: str
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineWords:
    """One line of the offer, switched on as a whole. `title` names what the company wrote, a family as one;
    `uses` are all that follow from it; `description` is the company's own text."""

    id: str
    title: str
    uses: tuple[UseWords, ...]
    description: tuple[str, ...]
    initials: bool
    adult: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferWords:
    """The whole offer. Everything is plain text, to be escaped by the template as any other."""

    lines: tuple[LineWords, ...]
    adult_lines: tuple[LineWords, ...]
    country: str
    project: str
    recipients: tuple[str, ...]
    never: tuple[str, ...]
    obligations: tuple[str, ...]
    valid_from: datetime
    valid_until: datetime
    on_end_model: str
    on_end_published: str
    after_death: str
    money: str
    represented: str
    exclusive: str
    replaces_in_person_work: bool
    supersedes: bool

    @property
    def line_ids(self) -> tuple[str, ...]:
        """Every line that can be switched on."""
        return tuple(line.id for line in (*self.lines, *self.adult_lines))


def offer_words(
    terms: Mapping[str, Any], *, licensee: Licensee, livemode: bool, language: str = "en"
) -> OfferWords:
    """The normal terms of an offer in words of one language.

    Raises:
        TextError: no such template or word. TermError: a line has no text in this language.
    """
    document = in_language(terms, language=language)
    words = words_in(document["template"], language)
    body = {
        "supersedes": None,
        **document,
        "licensee": {
            "legal_name": licensee.legal_name,
            "country": licensee.country,
            "contact": licensee.contact,
        },
        "performer_name": "-",  # nobody is named before somebody came
        "livemode": livemode,
        "attestations": (),
    }
    lines = tuple(_line(line, body, words) for line in document["lines"])
    values: Any = text_values(body, words)
    project = values["project"]
    return OfferWords(
        lines=tuple(line for line in lines if not line.adult),
        adult_lines=tuple(line for line in lines if line.adult),
        country=plain(values["country"]),
        project=plain(project),
        recipients=tuple(f"{plain(each['name'])}: {plain(each['role'])}" for each in values["recipients"]),
        never=_sentences(values["never"]),
        obligations=_sentences(values["obligations"]),
        valid_from=parse_instant(document["valid_from"]),
        valid_until=parse_instant(document["valid_until"]),
        on_end_model=plain(values["on_end_model"]),
        on_end_published=plain(values["on_end_published"]),
        after_death=plain(values["after_death"]),
        money=plain(values["compensation"]),
        represented=plain(values["representation"]),
        exclusive=plain(values["exclusive"]),
        replaces_in_person_work=values["replaces_in_person_work"],
        supersedes=values["supersedes"],
    )


def language_for(terms: Mapping[str, Any], wanted: str) -> str:
    """The wanted language if the offer can be shown in it, otherwise the one it was written in."""
    try:
        words_in(in_language(terms, language=wanted)["template"], wanted)
    except (TextError, TermError):
        return str(expand_offer(terms)["template"]["language"])
    return wanted


def words_in(template: Mapping[str, Any], language: str) -> Words:
    """The words of an offer's template in one language; TextError if there are none."""
    return _words(str(template["id"]), int(template["version"]), language)


def plain(safe: str) -> str:
    """A piece of a consent text without the backslashes of its Markdown."""
    return _ESCAPED.sub(r"\1", safe)


@lru_cache(maxsize=64)
def _words(template_id: str, version: int, language: str) -> Words:
    return template_words(load_template(template_id, version, language))


def _line(line: Mapping[str, Any], body: Mapping[str, Any], words: Words) -> LineWords:
    values: Any = text_values({**body, "lines": [line]}, words)
    adult = bool(values["has_adult"])
    cards = values["adult_cards"] if adult else values["cards"]
    uses = tuple(
        UseWords(title=plain(card["title"]), meaning=plain(card["meaning"]), facts=_sentences(card["facts"]))
        for card in cards
    )
    return LineWords(
        id=str(line["id"]),
        title=" · ".join(plain(word(words, f"use.{name}")) for name in line["uses"]),
        uses=uses,
        description=tuple(part.strip() for part in line["description"].split("\n") if part.strip()),
        initials=bool(line.get("initials")),
        adult=adult,
    )


def _sentences(values: Iterable[Mapping[str, str]]) -> tuple[str, ...]:
    return tuple(plain(each["sentence"]) for each in values)
