"""Words for values: regions, languages, dates, lists."""

from collections.abc import Iterable
from datetime import datetime

from consent.core import languages
from consent.core.instants import InstantError, parse_instant
from consent.core.markdown import TextError, escape
from consent.core.territories import COUNTRIES, SUBDIVISIONS, WORLD
from consent.core.text_template import Safe, Words, word


def joined(words: Words, parts: Iterable[str]) -> Safe:
    """A list in a sentence: `a, b and c`."""
    *rest, last = list(parts) or [""]
    if not rest:
        return Safe(last)
    first = rest[0]
    for part in rest[1:]:
        first = word(words, "list.comma", first=first, last=part)
    return word(words, "list.and", first=first, last=last)


def named(words: Words, prefix: str, names: Iterable[str]) -> Safe:
    """A list of words `prefix.name`, sorted by name."""
    return joined(words, (word(words, f"{prefix}.{name}") for name in sorted(names)))


def regions(words: Words, codes: Iterable[str]) -> Safe:
    """A list of regions by name."""
    return joined(words, sorted(region(words, code) for code in codes))


def region(words: Words, code: str) -> Safe:
    """A country by its name; a subdivision by its name and code."""
    key = f"region.{code}"
    if key in words or code == WORLD:
        return word(words, key)
    if code in COUNTRIES:
        return Safe(escape(COUNTRIES[code]))
    if code in SUBDIVISIONS:
        return word(words, "region.part", name=escape(SUBDIVISIONS[code]), code=escape(code))
    raise TextError(f"no region {code!r}")


def language_names(words: Words, ranges: Iterable[str]) -> Safe:
    """A list of languages by name; a longer range adds its tag."""
    return joined(words, (_language(words, each) for each in sorted(ranges)))


def _language(words: Words, tag: str) -> Safe:
    if tag == languages.ANY:
        return word(words, "language.any")
    primary = tag.partition("-")[0].lower()
    if f"language.{primary}" not in words:
        return word(words, "language.other", code=escape(tag))
    name = word(words, f"language.{primary}")
    return name if primary == tag.lower() else word(words, "language.kind", name=name, code=escape(tag))


def instant(words: Words, value: object) -> Safe:
    """An instant of a body as a date and a time of day."""
    if not isinstance(value, str):
        raise TextError(f"no instant {value!r}")
    try:
        return moment(words, parse_instant(value))
    except InstantError as exc:
        raise TextError(str(exc)) from exc


def moment(words: Words, value: datetime) -> Safe:
    """A UTC instant as a date and a time of day."""
    return word(
        words,
        "date.instant",
        day=str(value.day),
        month=word(words, f"month.{value.month}"),
        year=str(value.year),
        time=value.strftime("%H:%M"),
    )


def number(words: Words, value: int) -> Safe:
    """A whole number with its thousands apart."""
    return Safe(f"{value:,}".replace(",", words.get("number.thousands", ",")))
