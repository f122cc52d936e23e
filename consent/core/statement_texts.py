"""The short exact texts of what is signed besides a consent itself: ending it, a second yes, limits, their like.

Templates are `templates/consent/<kind of statement>/1/<language>.md`, in the subset of `core.markdown`. The
same values give the same bytes, so that the digest in a signature can be compared with the text years later.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from consent.core.markdown import TextError, escape, parse_markdown
from consent.core.resources import templates
from consent.core.text_template import Safe, Value, Values, fill

VERSION: Final = 1  # a version is never changed once something was signed with it
KINDS: Final = ("cancellation", "confirmation", "rescission", "resumption", "revocation")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CardWords:
    """One use of the consent: its name, its meaning, and its bounds, a sentence each; plain characters."""

    title: str
    meaning: str
    facts: tuple[str, ...]


def statement_text(
    kind: str, *, body: Mapping[str, Any], cards: Iterable[CardWords], language: str = "en"
) -> bytes:
    """The text to be shown for a statement of `kind` about the grant with this signed body.

    Raises:
        TextError: no such text, or a value with characters that hide, reorder or break text.
    """
    if kind not in KINDS:
        raise TextError(f"no text for {kind!r} in {language!r}")
    values: dict[str, Value] = {
        "test_side": body["livemode"] is not True,
        "grant": _safe(str(body["id"])),
        "performer": _safe(str(body["performer_name"])),
        "licensee": _safe(str(body["licensee"]["legal_name"])),
        "cards": [
            {
                "title": _safe(card.title),
                "meaning": _safe(card.meaning),
                "facts": [{"sentence": _safe(fact)} for fact in card.facts],
            }
            for card in cards
        ],
    }
    return _render(kind, values, language)


def limits_text(*, never: Iterable[Safe], livemode: bool, language: str = "en") -> bytes:
    """The text to be shown for limits; `never` are sentences of `text_values.prohibition_words`.

    Raises:
        TextError: no such text.
    """
    sentences = [{"sentence": each} for each in never]
    values: dict[str, Value] = {
        "test_side": not livemode,
        "never": sentences,
        "has_never": bool(sentences),
    }
    return _render("limits", values, language)


def _render(kind: str, values: Values, language: str) -> bytes:
    if not _LANGUAGE.fullmatch(language):
        raise TextError(f"no text for {kind!r} in {language!r}")
    try:
        template = templates("consent", kind, str(VERSION), f"{language}.md").read_text("utf-8")
    except FileNotFoundError as exc:
        raise TextError(f"no text for {kind!r} in {language!r}") from exc
    data = fill(template.strip("\n"), values).encode("utf-8")
    parse_markdown(data)  # whatever went in, what comes out is of the subset
    return data


def _safe(value: str) -> Safe:
    return Safe(escape(value))
