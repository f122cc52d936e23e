"""Language tags (BCP 47) and language ranges (RFC 4647 basic filtering)."""

import re
from functools import lru_cache
from typing import Final

ANY: Final = "*"

# RFC 5646 §2.1 `langtag`, with a primary subtag of two or three letters: longer ones are reserved or
# registered one by one, and none is. Private-use-only and grandfathered tags name no language here.
_LANGTAG = re.compile(
    r"(?:[a-z]{2,3}(?:-[a-z]{3}){0,3})"
    r"(?:-[a-z]{4})?"
    r"(?:-(?:[a-z]{2}|[0-9]{3}))?"
    r"(?P<variants>(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*)"
    r"(?P<extensions>(?:-[0-9a-wy-z](?:-[a-z0-9]{2,8})+)*)"
    r"(?:-x(?:-[a-z0-9]{1,8})+)?",
    re.ASCII | re.IGNORECASE,
)
_MAX_CHARS: Final = 64  # the longest tag in real use has 35 (RFC 5646 §4.4.1)


def is_language_tag(text: str) -> bool:
    """Say whether `text` is a well-formed tag without repeated variants or extension singletons."""
    return len(text) <= _MAX_CHARS and _is_tag(text)


@lru_cache(maxsize=1024)
def _is_tag(text: str) -> bool:
    match = _LANGTAG.fullmatch(text)
    if match is None:
        return False
    variants = match["variants"].lower().split("-")[1:]
    singletons = [part for part in match["extensions"].lower().split("-") if len(part) == 1]
    return len(set(variants)) == len(variants) and len(set(singletons)) == len(singletons)


def is_language_range(text: str) -> bool:
    """Say whether `text` is `*` or a well-formed tag used as a basic range."""
    return text == ANY or is_language_tag(text)


def matches(language: str, language_range: str) -> bool:
    """RFC 4647 §3.3.1: equal to the range, or beginning with it followed by a hyphen; case is ignored."""
    tag, prefix = language.lower(), language_range.lower()
    return prefix in (ANY, tag) or tag.startswith(prefix + "-")
