"""The facts of one card: what each term of a line means for one use, a sentence each."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from consent.core.constraints import (
    REGISTER,
    AdultTerms,
    BaseModel,
    Commercial,
    EndUsers,
    Language,
    MaxOutputs,
    Model,
    Purpose,
    Rate,
    SourceMaterial,
    Term,
    Territory,
    Themes,
)
from consent.core.content import TIERS
from consent.core.lines import Line
from consent.core.markdown import escape
from consent.core.text_template import Safe, Words, word
from consent.core.text_words import joined, language_names, moment, named, number, regions
from consent.core.uses import Use


def card_facts(line: Line, use: Use, words: Words) -> list[Safe]:
    """The sentences of a card, in a fixed order; a term that does not bind the use says nothing.

    Raises:
        TextError: the template has no word for something in the line.
    """
    facts: list[Safe] = []
    if line.modalities is not None:
        facts.append(word(words, "fact.modalities", list=named(words, "modality", line.modalities)))
    if line.purposes is not None:
        if Purpose.any_among(line.purposes):
            facts.append(word(words, "fact.purposes_any"))
        else:
            facts.append(word(words, "fact.purposes", list=named(words, "purpose", line.purposes)))
    if line.rank is not None:
        facts.append(word(words, "fact.content", tier=word(words, f"tier.{TIERS[line.rank]}")))
    for kind, say in _SAY.items():
        if kind in line.tagged and REGISTER[kind].binds(use, line.adult):
            facts.extend(say(line.tagged[kind], words))
    return facts


def _purpose(value: Purpose, words: Words) -> list[Safe]:
    return [word(words, "fact.flags", list=named(words, "flag", value.flags))]


def _adult_terms(value: AdultTerms, words: Words) -> list[Safe]:
    return [
        word(words, "fact.adult_terms", list=named(words, "adult", value.terms)),
        word(words, f"fact.partners.{value.scene_partners}"),
    ]


def _themes(value: Themes, words: Words) -> list[Safe]:
    return [word(words, "fact.themes", list=named(words, "theme", value.allowed))]


def _territory(value: Territory, words: Words) -> list[Safe]:
    facts = [word(words, "fact.territory", list=regions(words, value.allow.codes))]
    if value.deny.codes:
        facts.append(word(words, "fact.territory_not", list=regions(words, value.deny.codes)))
    return facts


def _language(value: Language, words: Words) -> list[Safe]:
    return [word(words, "fact.language", list=language_names(words, value.ranges))]


def _base_model(value: BaseModel, words: Words) -> list[Safe]:
    if value.any:
        return [word(words, "fact.base_model_any")]
    return [word(words, "fact.base_model", list=_ids(value.ids, words))]


def _model(value: Model, words: Words) -> list[Safe]:
    return [word(words, "fact.model", list=_ids(value.ids, words))]


def _ids(ids: frozenset[str], words: Words) -> Safe:
    return joined(words, (escape(each) for each in sorted(ids)))


def _source_material(value: SourceMaterial, words: Words) -> list[Safe]:
    return [word(words, "fact.source_material", count=number(words, len(value.sha256)))]


def _commercial(value: Commercial, words: Words) -> list[Safe]:
    return [word(words, "fact.commercial" if value.allowed else "fact.commercial_not")]


def _end_users(value: EndUsers, words: Words) -> list[Safe]:
    facts = [word(words, f"fact.end_users.{value.rank}")]
    if value.age_assured:
        facts.append(word(words, "fact.age_assured"))
    return facts


def _max_outputs(value: MaxOutputs, words: Words) -> list[Safe]:
    return [word(words, "fact.max_outputs", count=number(words, value.limit))]


def _rate(value: Rate, words: Words) -> list[Safe]:
    return [word(words, "fact.rate", count=number(words, value.per_day))]


def _term(value: Term, words: Words) -> list[Safe]:
    facts = []
    if value.not_before is not None:
        facts.append(word(words, "fact.not_before", instant=moment(words, value.not_before)))
    if value.not_after is not None:
        facts.append(word(words, "fact.not_after", instant=moment(words, value.not_after)))
    return facts


# In the order in which a card says them. Every tagged kind has an entry; a test holds the two together.
_SAY: Final[Mapping[str, Callable[[Any, Words], list[Safe]]]] = {
    "adult_terms": _adult_terms,
    "purpose": _purpose,
    "themes": _themes,
    "territory": _territory,
    "language": _language,
    "commercial": _commercial,
    "end_users": _end_users,
    "max_outputs": _max_outputs,
    "rate": _rate,
    "source_material": _source_material,
    "base_model": _base_model,
    "model": _model,
    "term": _term,
}
