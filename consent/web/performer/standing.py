"""How a consent stands, as its performer reads it: a word to mark it with, and what its uses are called."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from consent.core.text_template import Words
from consent.core.text_words import named
from consent.core.uses import USES
from consent.registry.queries.pages import ConsentRow
from consent.web.offer_words import plain, words_in

_WORDS = {"id": "voice-clone", "version": 1}  # every template of a version names the uses alike
DAY, MINUTE = "j F Y", "j F Y, H:i"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A word and its colour ("" good, "wait", "no", "plain")."""

    label: str
    tone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How many of a consent's whole days have passed."""

    passed: int
    total: int


def run(row: ConsentRow, *, now: datetime) -> Run:
    """How much of the time agreed on is over; none before it begins, all after its end."""
    total = (row.valid_until - row.valid_from).days or 1
    return Run(passed=min(total, max(0, (now - row.valid_from).days)), total=total)


def standing(row: ConsentRow) -> Standing:
    """How the consent stands now."""
    if row.reads == "ended":
        return _ended(row)
    if row.ending_at is not None:
        said = _("ending on %(instant)s unless you cancel") % {"instant": _utc(row.ending_at)}
        return Standing(label=said, tone="no")
    if row.reads == "paused":
        who = holder_words(row.holders)
        return Standing(label=_("paused by %(who)s") % {"who": who}, tone="wait")
    if row.reads == "active":
        return Standing(label=_("active"), tone="")
    return Standing(label=_waiting(row), tone="wait")


def holder_words(holders: Sequence[str]) -> str:
    """Who pauses: the performer does see who."""
    return _(" and ").join(_holder(each) for each in holders) or _("somebody")


def use_words(uses: Sequence[str], *, most: int = 4) -> str:
    """The names of uses on one line; a family is named as one."""
    words = _words()
    titles = [plain(words[f"use.{use}"]) for use in uses if f"use.{use}" in words]
    if len(titles) > most:
        titles = [*titles[:most], _("%(count)s more") % {"count": len(titles) - most}]
    return " · ".join(titles)


def of_you(lines: Sequence[Mapping[str, Any]]) -> str:
    """What of the person the lines of a body are about: "your voice", "your body, your face and your name" …"""
    named_by_lines = {each for line in lines for each in line.get("modalities", ())}
    by_uses = {
        modality
        for line in lines
        if not line.get("modalities")
        for use in line["uses"]
        if use in USES
        for modality in (USES[use].modality or "").split("+")
        if modality
    }
    found = named_by_lines | by_uses
    return plain(named(_words(), "modality", found)) if found else _("your voice or face")


def _ended(row: ConsentRow) -> Standing:
    day = date_format(row.since, DAY)
    said = {
        "revoked": _("ended on %(day)s"),
        "rescinded": _("taken back on %(day)s"),
        "superseded": _("replaced by a newer one on %(day)s"),
        "voided": _("never counted"),
    }.get(row.state, _("ran out on %(day)s"))
    return Standing(
        label=said % {"day": day}, tone="no" if row.state in ("revoked", "rescinded") else "plain"
    )


def _waiting(row: ConsentRow) -> str:
    if row.confirm_from is not None:
        return _("waiting for your second yes")
    if row.active_from is not None:
        return _("starts on %(instant)s") % {"instant": _utc(row.active_from)}
    return _("signed, not started")


def _holder(holder: str) -> str:
    if holder == "performer":
        return _("you")
    if holder == "operator":
        return _("the registry")
    kind, _colon, name = holder.partition(":")
    if kind == "guild":
        return _("your guild (%(name)s)") % {"name": name}
    if kind == "order":
        return _("a court (%(name)s)") % {"name": name}
    return _("another company")


def _utc(instant: datetime) -> str:
    return _("%(instant)s UTC") % {"instant": date_format(instant, MINUTE)}


@cache
def _words() -> Words:
    return words_in(_WORDS, "en")
