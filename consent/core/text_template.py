"""Templates of consent texts: places for values, and sections that repeat or are left out.

`{{name}}` is a value; `{{#name}}` to `{{/name}}`, each alone on its line, repeats for a list or stands
if true; `{{^name}}` stands if it is false or empty. Values are put in once and never read again, so
nothing inside one can open a place or a section. Words are lines `key = text`, with places of their
own.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from consent.core.markdown import TextError

_TAG = re.compile(r"\{\{([#^/])([a-z_]+)\}\}")
_PLACE = re.compile(r"\{\{([a-z_]+)\}\}")
_WORD = re.compile(r"([a-z0-9][a-zA-Z0-9._:-]*) = (\S.*)")


class Safe(str):
    """A piece of text of the Markdown subset: escaped where it came from outside."""

    __slots__ = ()


Value: TypeAlias = "Safe | bool | Sequence[Values]"
Values: TypeAlias = Mapping[str, Value]
Words: TypeAlias = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Section:
    name: str
    inverted: bool
    children: tuple["_Node", ...]


_Node: TypeAlias = str | _Section


def parse_words(text: str) -> Words:
    """Read a list of words; empty lines and lines that begin with # are left out.

    Raises:
        TextError: a line that is no word, a word twice.
    """
    words: dict[str, str] = {}
    for number, row in enumerate(text.split("\n"), start=1):
        if not row or row.startswith("#"):
            continue
        match = _WORD.fullmatch(row)
        if match is None or match[1] in words:
            raise TextError(f"words, line {number}: {row[:40]!r}, expected key = text, each key once")
        words[match[1]] = match[2]
    return words


def word(words: Words, key: str, **values: str) -> Safe:
    """The word `key` with values put in; each value is text that is safe already.

    Raises:
        TextError: no such word, or it asks for a value that is not given.
    """
    if key not in words:
        raise TextError(f"the template has no word for {key!r}")
    return _put_in(words[key], {name: Safe(value) for name, value in values.items()})


def fill(template: str, values: Values) -> str:
    """Fill in a template; empty lines in a row become one, and none stand at the ends.

    Raises:
        TextError: a section is not closed, a name is not known, a value is of the wrong kind.
    """
    nodes, rest = _parse(template.split("\n"), 0, None)
    assert rest == 0  # the outermost section ends with the lines
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(_render(nodes, values)))
    return text.strip("\n") + "\n"


def _parse(lines: Sequence[str], start: int, name: str | None) -> tuple[tuple[_Node, ...], int]:
    """The nodes up to the end of the section `name`, and the number of the line behind it."""
    nodes: list[_Node] = []
    place = start
    while place < len(lines):
        tag = _TAG.fullmatch(lines[place])
        place += 1
        if tag is None:
            nodes.append(lines[place - 1])
        elif tag[1] != "/":
            children, place = _parse(lines, place, tag[2])
            nodes.append(_Section(tag[2], tag[1] == "^", children))
        elif tag[2] == name:
            return tuple(nodes), place
        else:
            raise TextError(f"template, line {place}: closes {tag[2]}, expected {name or 'nothing'} to close")
    if name is not None:
        raise TextError(f"template: the section {name} is not closed")
    return tuple(nodes), 0


def _render(nodes: Sequence[_Node], values: Values) -> list[str]:
    out: list[str] = []
    for node in nodes:
        if isinstance(node, str):
            out.append(_put_in(node, values))
        else:
            for inner in _rounds(node, values):
                out.extend(_render(node.children, inner))
    return out


def _rounds(section: _Section, values: Values) -> list[Values]:
    value = values.get(section.name)
    if value is None or isinstance(value, str):
        raise TextError(f"template: {section.name} is no list and no truth")
    if section.inverted:
        return [] if value else [values]
    if isinstance(value, bool):
        return [values] if value else []
    return [{**values, **each} for each in value]


def _put_in(text: str, values: Values) -> Safe:
    def put(match: re.Match[str]) -> str:
        value = values.get(match[1])
        if not isinstance(value, Safe):
            raise TextError(f"template: no text for {match[1]} in {text[:40]!r}")
        return value

    if "{{" in _PLACE.sub("", text):
        raise TextError(f"template: {text[:40]!r} opens something unknown")
    return Safe(_PLACE.sub(put, text))
