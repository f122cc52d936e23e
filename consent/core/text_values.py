"""What a consent text says of a body: each use a card, each term a sentence, in the template's words.

Every string that comes from the body is escaped here; every word comes from the template.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from consent.core.constraints.posthumous import Posthumous
from consent.core.content import TIER_RANK
from consent.core.exclusivity import Exclusive
from consent.core.lines import Line, named_uses, read_line
from consent.core.markdown import TextError, escape
from consent.core.prohibitions import SELECTORS, Prohibition
from consent.core.term_error import TermError
from consent.core.territories import WORLD
from consent.core.text_facts import card_facts
from consent.core.text_template import Safe, Values, Words, word
from consent.core.text_words import instant, joined, moment, named, number, region, regions
from consent.core.uses import USES

MAX_NAME_CHARS: Final = 200

_READ: Final = frozenset({"id", "uses", "modalities", "purposes", "content_max", "initials", "constraints"})
# Where the words of a prohibition's selector stand.
_NEVER_WORDS: Final = {
    "uses": "use",
    "modalities": "modality",
    "purposes": "purpose",
    "flags": "flag",
    "content_tiers": "tier",
    "adult_terms": "adult",
    "themes": "theme",
}


def text_values(body: Mapping[str, Any], words: Words) -> Values:
    """The values of every place and section of a template.

    Raises:
        TextError: the body lacks something, or holds something that no word or character can show.
    """
    try:
        return _values(body, words)
    except (KeyError, TypeError, AttributeError) as exc:
        raise TextError(f"the body has no readable {exc}") from exc
    except TermError as exc:
        raise TextError(f"the body cannot be shown: {exc}") from exc


def _values(body: Mapping[str, Any], words: Words) -> Values:
    licensee = body["licensee"]
    project = body.get("project") or {}
    lines = [_line(line) for line in body["lines"]]
    texts = [line["description"] for line in body["lines"]]
    plain = [_cards(line, text, words) for line, text in zip(lines, texts, strict=True) if not line.adult]
    adult = [_cards(line, text, words) for line, text in zip(lines, texts, strict=True) if line.adult]
    return {
        "licensee": _name(licensee["legal_name"]),
        "country": region(words, licensee["country"]),
        "contact": _name(licensee["contact"]),
        "performer": _name(body["performer_name"]),
        "test_side": body["livemode"] is not True,
        "has_project": bool(project),
        "project": _name(project["title"]) if project else Safe(""),
        "project_ref": _name(project["ref"]) if project else Safe(""),
        "recipients": [
            {"name": _name(each["legal_name"]), "role": word(words, f"role.{each['role']}")}
            for each in body.get("recipients", ())
        ],
        "cards": [card for cards in plain for card in cards],
        "adult_cards": [card for cards in adult for card in cards],
        "has_adult": bool(adult),
        "never": _sentences(prohibition_words(each, words) for each in body.get("prohibitions", ())),
        "valid_from": instant(words, body["valid_from"]),
        "valid_until": instant(words, body["valid_until"]),
        "obligations": _sentences(
            word(words, f"obligation.{each}") for each in sorted(body.get("obligations", ()))
        ),
        "attestations": _sentences(
            word(words, f"attestation.{each}") for each in sorted(body.get("attestations", ()))
        ),
        "has_attestations": bool(body.get("attestations")),
        "replaces_in_person_work": body["replaces_in_person_work"] is True,
        "supersedes": body["supersedes"] is not None,
        **_terms_of_end(body, words),
    }


def _terms_of_end(body: Mapping[str, Any], words: Words) -> Values:
    on_end, representation = body["on_end"], body["representation"]
    posthumous = Posthumous.from_body(body["posthumous"])
    exclusive = Exclusive.from_body(body["exclusive"])
    who = _name(representation["name"]) if "name" in representation else word(words, "represented.unnamed")
    return {
        "on_end_published": word(words, f"end.published.{on_end['published']}"),
        "on_end_model": word(words, f"end.model.{on_end['model']}", days=number(words, on_end["model_days"])),
        "compensation": word(words, f"pay.{body['compensation']['kind']}"),
        "after_death": word(words, "death.none")
        if posthumous is None
        else word(words, "death.years", years=number(words, posthumous.years)),
        "has_exclusive": exclusive is not None,
        "exclusive": Safe("") if exclusive is None else _exclusive(exclusive, words),
        "representation": word(words, f"represented.{representation['kind']}", name=who),
    }


def _exclusive(exclusive: Exclusive, words: Words) -> Safe:
    return word(
        words,
        "exclusive.only",
        uses=named(words, "use", exclusive.uses),
        until=moment(words, exclusive.until),
        where=regions(words, exclusive.territories),
    )


def _line(document: Mapping[str, Any]) -> Line:
    return read_line({name: value for name, value in document.items() if name in _READ})


def _cards(line: Line, description: str, words: Words) -> list[Values]:
    """One card for each use the line covers; a family shows every use in it."""
    return [
        {
            "title": word(words, f"use.{name}"),
            "meaning": word(words, f"use.{name}.means"),
            "facts": _sentences(card_facts(line, USES[name], words)),
            "initials": line.initials,
            "description": [{"line": each} for each in _paragraphs(description)],
        }
        for name, covered in named_uses(line).items()
        if covered
    ]


def _paragraphs(description: str) -> Iterable[Safe]:
    return (Safe(escape(part.strip())) for part in description.split("\n") if part.strip())


def prohibition_words(document: Mapping[str, Any], words: Words) -> Safe:
    """One prohibition as a sentence; several selectors hold together.

    Raises:
        TermError: it cannot be read. TextError: there is no word for something in it.
    """
    Prohibition.parse(document)
    parts = []
    for name in SELECTORS:
        if name not in document:
            continue
        listed: Sequence[str] = document[name]
        if name == "territories":
            shown = regions(words, listed)
            where = "never.everywhere" if WORLD in listed else "never.territories"
        else:
            shown = named(words, _NEVER_WORDS[name], _widened(name, listed))
            where = f"never.{name}"
        parts.append(word(words, where, list=shown))
    return (
        word(words, "never.one", what=parts[0])
        if len(parts) == 1
        else word(words, "never.together", what=joined(words, parts))
    )


def _widened(name: str, listed: Sequence[str]) -> Sequence[str]:
    """A tier that is never allowed takes those above it along; the text says so by naming them."""
    if name != "content_tiers":
        return listed
    lowest = min(TIER_RANK[tier] for tier in listed)
    return [tier for tier, rank in TIER_RANK.items() if rank >= lowest]


def _sentences(texts: Iterable[Safe]) -> list[Values]:
    return [{"sentence": text} for text in texts]


def _name(value: object) -> Safe:
    """A name or address from outside, on one line."""
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_NAME_CHARS:
        raise TextError(f"a name is {str(value)[:40]!r}, expected 1 to {MAX_NAME_CHARS} characters")
    if value != value.strip():
        raise TextError(f"a name has spaces at its ends: {value[:40]!r}")
    return Safe(escape(value))
