"""Words for companies. Uses and reasons are told as the documentation tells them, from the same text."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from consent.core.resources import templates
from consent.core.text_template import Words, word
from consent.web.offer_words import plain, words_in

_HEADED: Final = re.compile(r"^#{2,3} (\S+)\n\n(.+?)(?:\n\n|\n?\Z)", re.MULTILINE | re.DOTALL)
_ASIDE: Final = re.compile(r"\s*\([^()]*\)$")
OBLIGATION_WORDS: Final = {
    "label.visible": gettext_noop("We show people that a computer made it"),
    "label.audible": gettext_noop("We let people hear that a computer made it"),
    "mark.c2pa": gettext_noop("We put a signed label (C2PA) into every file"),
    "mark.watermark": gettext_noop("We hide a watermark in every file"),
    "disclose.ad": gettext_noop("We say when it is an advertisement"),
    "disclose.ny_synthetic_performer": gettext_noop(
        "In advertising we say that the performer is made by a computer"
    ),
    "label.cn_gb45438": gettext_noop("We label it as the law of China asks (GB 45438)"),
    "report.usage": gettext_noop("We report how often we use it"),
    "age_assured_end_users": gettext_noop("We check that the people who use it are adults"),
    "review.sampled": gettext_noop("A person looks at some of the results"),
    "review.before_publish": gettext_noop("A person looks at each result before it is shown"),
}
SCOPE_WORDS: Final = {
    "check": gettext_noop("ask whether a use is allowed"),
    "receipts": gettext_noop("read receipts of its answers"),
    "offers": gettext_noop("write and send requests"),
    "grants": gettext_noop("read consents"),
    "performers": gettext_noop("name performers in your own words"),
    "members": gettext_noop("add and remove members"),
    "keys": gettext_noop("make and switch off API keys"),
    "organization": gettext_noop("change your company's name and contact"),
    "events": gettext_noop("read what happened"),
}
ROLE_WORDS: Final = {
    "owner": gettext_noop("Owner: everything, and who else may come in"),
    "producer": gettext_noop("Producer: requests and consents"),
    "developer": gettext_noop("Developer: API keys, the console and consents"),
    "desk": gettext_noop("Desk: consents, to look things up"),
}


def use_words(use: str) -> str:
    """What a use is, as a company says it; its code where the documentation does not know it."""
    return _(_told("uses.md").get(use, use))


def reason_words(reason: str) -> str:
    """Why a check is denied."""
    return _(_told("reasons.md").get(reason, reason))


def listed_words() -> Words:
    """The words of consent texts: purposes, content, places and languages."""
    return words_in({"id": "voice-clone", "version": 1}, "en")


def options(prefix: str, codes: Iterable[str]) -> list[tuple[str, str]]:
    """Codes with their words, for a form."""
    words = listed_words()
    return [(code, plain(word(words, f"{prefix}.{code}"))) for code in codes]


@cache
def _told(page: str) -> Mapping[str, str]:
    """What a page of the documentation says first under each heading."""
    text = templates("docs", page).read_text(encoding="utf-8")
    return {
        name: _ASIDE.sub("", " ".join(said.split())).removesuffix(".") for name, said in _HEADED.findall(text)
    }
