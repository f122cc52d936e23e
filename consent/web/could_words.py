"""The dry run in sentences: with this, they could… they could not…"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from consent.core.content import TIER_RANK, TIERS
from consent.core.dry_run import DryRun, Sample, dry_run
from consent.core.offers import expand_offer
from consent.core.terms import GRANT_SCHEMA, LimitsTerms, compile_grant
from consent.core.text_template import Words, word
from consent.core.text_words import named
from consent.web.offer_words import plain, words_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Could:
    """What the licensee could do with the lines that are switched on, and what not; a sentence each."""

    can: tuple[str, ...]
    cannot: tuple[str, ...]


def could_words(
    terms: Mapping[str, Any],
    lines: Collection[str],
    *,
    at: datetime,
    language: str = "en",
    limits: LimitsTerms | None = None,
) -> Could:
    """Ask the very rules of a check about the normal terms with these lines only.

    Raises:
        TextError: no such template or word.
    """
    document = expand_offer(terms)
    words = words_in(document["template"], language)
    chosen = [line for line in document["lines"] if line["id"] in lines]
    if not chosen:
        return Could(can=(), cannot=(_("anything at all: everything is off"),))
    body = {**document, "lines": chosen, "schema": GRANT_SCHEMA}
    found = dry_run(compile_grant(body), at=at, limits=limits)
    return Could(can=tuple(_can(found, words)), cannot=tuple(_cannot(found, words)))


def _can(found: DryRun, words: Words) -> list[str]:
    """Each use once, with every purpose of the samples that was allowed and how far it may go."""
    out = []
    for use in _uses(found.could):
        samples = [each for each in found.could if each.asked["use"] == use]
        title = _title(use, words)
        purposes = {str(each.asked["purpose"]) for each in samples if each.asked.get("purpose")}
        if purposes:
            title = _("%(what)s, for example for %(purposes)s") % {
                "what": title,
                "purposes": plain(named(words, "purpose", purposes)),
            }
        rank = max(TIER_RANK[str(each.asked.get("content_tier", "general"))] for each in samples)
        if rank:
            tier = plain(word(words, f"tier.{TIERS[rank]}"))
            title = _("%(what)s; as far as %(tier)s") % {"what": title, "tier": tier}
        out.append(title)
    return out


def _cannot(found: DryRun, words: Words) -> list[str]:
    """What people fear, where no use that is allowed lets it through."""
    allowed = set(_uses(found.could))
    out = [_title(use, words) for use in _uses(found.could_not) if use not in allowed]
    purposes = _denied(found, "purpose", "purpose")
    if purposes:
        out.append(_("use it for %(list)s") % {"list": plain(named(words, "purpose", purposes))})
    tiers = _denied(found, "content_tier", "content_tier")
    if tiers:
        tier = plain(word(words, f"tier.{min(tiers, key=TIER_RANK.__getitem__)}"))
        out.append(_("go further than that, such as: %(tier)s") % {"tier": tier})
    if _denied(found, "territory", "territory"):
        out.append(_("use it everywhere in the world"))
    if _denied(found, "commercial", "commercial"):
        out.append(_("earn money with it"))
    if _denied(found, "end_user_scope", "end_user_scope"):
        out.append(_("let just anybody use it"))
    return out


def _uses(samples: Collection[Sample]) -> list[str]:
    return list(dict.fromkeys(str(each.asked["use"]) for each in samples if each.asked.get("use")))


def _denied(found: DryRun, about: str, member: str) -> set[Any]:
    """Values that a sample of this kind was denied for, and no sample was allowed for."""
    denied = {each.asked.get(member) for each in found.could_not if each.about == about}
    return denied - {each.asked.get(member) for each in found.could} - {None}


def _title(use: str, words: Words) -> str:
    title = plain(word(words, f"use.{use}"))
    return title[:1].lower() + title[1:]
