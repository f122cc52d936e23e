"""A performer's limits: what nobody may ever do, whatever they sign. Each one is a switch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpResponse

from consent.core.text_template import Safe
from consent.core.text_values import prohibition_words
from consent.registry.queries.performer import current_limits
from consent.registry.stored_json import to_bytes
from consent.web.handoffs import to_signing
from consent.web.offer_words import plain, words_in
from consent.web.page import Page
from consent.web.who import SignedInPerformer

Prohibition = Mapping[str, Any]
# What people fear most, each to be switched on by itself. The words are those of the consent texts.
OFFERED: Final[Mapping[str, Prohibition]] = {
    "undress": {"uses": ["edit.undress"]},
    "adult": {"content_tiers": ["nudity"]},
    "suggestive": {"content_tiers": ["suggestive"]},
    "political": {"purposes": ["political"]},
    "religious": {"purposes": ["religious"]},
    "advertise": {"purposes": ["advertise"]},
    "medical": {"flags": ["medical"]},
    "endorsement": {"flags": ["endorsement"]},
    "hate": {"themes": ["hate"]},
    "money": {"themes": ["financial-solicitation"]},
    "companion": {"purposes": ["companion"]},
    "chat": {"uses": ["infer.chat-persona"]},
    "live": {"uses": ["infer.video-realtime", "infer.voice-realtime"]},
    "face-swap": {"uses": ["edit.face-swap"]},
    "foundation": {"uses": ["train.foundation"]},
    "ugc": {"uses": ["publish.ugc"]},
    "open-weights": {"uses": ["model.open-weights"]},
}
_WORDS = {"id": "voice-clone", "version": 1}  # every template of a version has these words


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """One limit that can be on or off."""

    id: str
    words: str
    on: bool


def limits(page: Page, me: SignedInPerformer) -> HttpResponse:
    """What stands, and a form to change it; the change is signed on the signing origin."""
    now = current_limits(page.ports.registry, performer=me.performer)
    standing: Sequence[Prohibition] = () if now.body is None else now.body.get("never", ())
    known = _switches(standing)
    if page.posted:
        wanted = set(page.fields("never"))
        never = [dict(each) for name, each in known.items() if name in wanted]
        if [to_bytes(each) for each in never] == [to_bytes(each) for each in standing]:
            return page.to("/limits")
        return to_signing(page, "limits", never=never)
    on = {to_bytes(each) for each in standing}
    switches = [
        Switch(id=name, words=plain(sentence(each)), on=to_bytes(each) in on) for name, each in known.items()
    ]
    return page.render(
        "performer/limits.html",
        switches=switches,
        on=sum(each.on for each in switches),
        saved="saved" in page.request.GET,
    )


def sentence(prohibition: Prohibition) -> Safe:
    """One limit in the words of the consent texts. What could not be read was never accepted as a limit."""
    return prohibition_words(prohibition, words_in(_WORDS, "en"))


def _switches(standing: Sequence[Prohibition]) -> dict[str, Prohibition]:
    """Those that are offered, and those that the performer set elsewhere, so that none is lost here."""
    offered = {to_bytes(each) for each in OFFERED.values()}
    others = [each for each in standing if to_bytes(each) not in offered]
    return {**OFFERED, **{f"own-{place}": each for place, each in enumerate(others)}}
