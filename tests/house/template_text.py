"""What stands in a template beside its tags: elements, attributes, and words that nobody would translate."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

TEMPLATES = Path(__file__).parents[2] / "templates"
# Machine words are the same in every language, so these elements may hold them as they are.
_UNTRANSLATED = frozenset({"code", "pre", "kbd", "script", "style"})
# HTML's own entities, the name of the time that we tell, and a path of ours.
_SAME_EVERYWHERE = re.compile(r"&#?\w+;|\bUTC\b|^\s*/[\w/]*\s*$")
_SPOKEN = frozenset({"alt", "title", "aria-label", "aria-description", "placeholder", "summary", "label"})
_VOID = frozenset({"meta", "link", "input", "br", "hr", "img", "path", "rect", "line", "wbr"})
_COMMENTS = re.compile(r"\{#.*?#\}|\{% comment .*?%\}.*?\{% endcomment %\}", re.DOTALL)
_BLOCKS = re.compile(
    r"\{% blocktranslate\b(?P<head>.*?)%\}(?P<words>.*?)\{% endblocktranslate %\}", re.DOTALL
)
_SINGLES = re.compile(r"""\{% translate (?:"(?P<double>[^"]*)"|'(?P<single>[^']*)')""")
_TAGS = re.compile(r"\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
_LITERALS = re.compile(r"""\{%.*?%\}|\{\{.*?\}\}""", re.DOTALL)
# Words handed to a part or a filter: label="Your name" instead of label=_("Your name").
_HANDED = re.compile(
    r"""\b(?:label|help|words|title|message|next|took|button|error|needed|yesno:|default:)=?(?P<raw>"[^"]+")"""
)


@dataclass(slots=True)
class Found(HTMLParser):
    """One template, read: `elements` in order, `bare` words outside any translation."""

    source: str
    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    bare: list[str] = field(default_factory=list)
    _open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        HTMLParser.__init__(self)
        self.feed(_TAGS.sub("", _BLOCKS.sub("", uncommented(self.source))))
        self.close()
        self.bare += handed_over(self.source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element and the words in its attributes."""
        self.elements.append((tag, dict(attrs)))
        self.bare += [value for name, value in attrs if name in _SPOKEN and has_words(value)]
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element that closes itself, as in SVG."""
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        """Leave the element, and whatever was left open inside it."""
        while tag in self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        """Words between elements."""
        if has_words(data) and not _UNTRANSLATED.intersection(self._open):
            self.bare.append(data.strip())


def uncommented(source: str) -> str:
    """The template without its comments."""
    return _COMMENTS.sub("", source)


def has_words(text: str | None) -> bool:
    """Whether something in it would be read aloud as a word, and reads otherwise in another language."""
    return bool(re.search(r"[^\W\d_]", _SAME_EVERYWHERE.sub("", text or "")))


def handed_over(source: str) -> list[str]:
    """Literals that reach a page through a part or a filter without having been translated."""
    plain = _BLOCKS.sub("", uncommented(source))
    found = []
    for tag in _LITERALS.findall(plain):
        if not tag.startswith(("{% translate", "{% load", "{% extends")):
            found += [match["raw"] for match in _HANDED.finditer(tag) if has_spoken_words(match["raw"])]
    return found


def has_spoken_words(literal: str) -> bool:
    """Whether a literal is meant to be read; a code such as "text" or "lines" is one small word."""
    return bool(re.search(r"[A-Z]|\w\s+\w", literal))


def spoken(source: str) -> list[str]:
    """Every text that the template gives to be translated, placeholders taken out."""
    plain = uncommented(source)
    blocks = [_TAGS.sub("", match["words"]) for match in _BLOCKS.finditer(plain)]
    singles = [match["double"] or match["single"] or "" for match in _SINGLES.finditer(plain)]
    handed = re.findall(r"""_\(\s*"([^"]*)"\s*\)""", plain)
    return [re.sub(r"<[^>]*>", " ", text) for text in (*blocks, *singles, *handed)]
