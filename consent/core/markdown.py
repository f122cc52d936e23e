"""The fixed subset of Markdown in which consent texts are written, and nothing beside it.

Blocks, one line each: `# `, `## `, `### `, `- `, `> ` and plain paragraphs; an empty line stands
between blocks of different kinds. Inline: `**strong**` and a backslash before a special character.
No links, images, HTML, code, tables or entities. The page shows what `parse_markdown` returns, so a
text that reads one way and renders another does not exist.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final, Literal

BlockKind = Literal["h1", "h2", "h3", "item", "quote", "paragraph"]

SPECIAL: Final = frozenset("\\*_`<>[]&~|")  # always escaped inside a line
_MARKS: Final[dict[str, BlockKind]] = {"# ": "h1", "## ": "h2", "### ": "h3", "- ": "item", "> ": "quote"}
# What would begin another kind of block in any Markdown reader, at the start of a line's text.
_OPENING = re.compile(r"[#>+=-]|[0-9]{1,9}[.)]")
# Joiners that scripts and emoji need; every other format character is refused (bidi overrides among them).
_JOINERS: Final = frozenset("\u200c\u200d")
_REFUSED_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


class TextError(ValueError):
    """A text or template is outside what may be signed; the message says expected and got."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A run of plain characters, strong or not."""

    text: str
    strong: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One line of the text."""

    kind: BlockKind
    spans: tuple[Span, ...]


def escape(value: str) -> str:
    """Make a value from outside safe inside a line, so that a reader sees exactly its characters.

    Raises:
        TextError: a control, format, private or unassigned character, a line break, or not NFC.
    """
    check_characters(value)
    out = []
    for place, character in enumerate(value):
        opens = place == 0 and character in "#>+=-"
        out.append("\\" + character if opens or character in SPECIAL else character)
    text = "".join(out)
    numbered = re.match(r"[0-9]{1,9}(?=[.)])", text)
    return text if numbered is None else f"{numbered[0]}\\{text[numbered.end() :]}"


def check_characters(value: str) -> None:
    """Refuse characters that hide, reorder or break text.

    Raises:
        TextError: as `escape`.
    """
    if not unicodedata.is_normalized("NFC", value):
        raise TextError(f"text {value[:40]!r} is not NFC")
    for character in value:
        if unicodedata.category(character) in _REFUSED_CATEGORIES and character not in _JOINERS:
            raise TextError(
                f"text has the character U+{ord(character):04X}, expected visible characters only"
            )


def is_visible(value: str) -> bool:
    """Say whether `escape` takes the value."""
    try:
        check_characters(value)
    except TextError:
        return False
    return True


def parse_markdown(data: bytes) -> tuple[Block, ...]:
    """Read a text of the subset.

    Raises:
        TextError: not UTF-8, a carriage return, a last line without end, or anything outside the subset.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise TextError(f"text is not UTF-8 at byte {exc.start}") from exc
    if not text.endswith("\n") or text.startswith("\n") or "\n\n\n" in text or text.endswith("\n\n"):
        raise TextError("text does not end in one line feed, or has empty lines at its ends or in a row")
    blocks: list[Block] = []
    after_empty = True
    for number, line in enumerate(text[:-1].split("\n"), start=1):
        if not line:
            after_empty = True
            continue
        block = _parse_line(line, number)
        if not after_empty and (block.kind != blocks[-1].kind or block.kind not in ("item", "quote")):
            raise TextError(f"line {number}: a {block.kind} needs an empty line before it")
        blocks.append(block)
        after_empty = False
    return tuple(blocks)


def _parse_line(line: str, number: int) -> Block:
    check_characters(line)
    mark = next((mark for mark in _MARKS if line.startswith(mark)), "")
    body = line[len(mark) :]
    if not body.strip() or body != body.strip():
        raise TextError(f"line {number}: empty, or with spaces at its ends")
    if _OPENING.match(body):
        raise TextError(f"line {number}: {body[:12]!r} would begin another block, expected it escaped")
    kind: BlockKind = _MARKS[mark] if mark else "paragraph"
    return Block(kind=kind, spans=_parse_inline(body, number))


def _parse_inline(body: str, number: int) -> tuple[Span, ...]:
    spans: list[Span] = []
    run: list[str] = []
    strong = False
    place = 0
    while place < len(body):
        character = body[place]
        if character == "\\":
            place += 1
            if place == len(body) or not _is_punctuation(body[place]):
                raise TextError(f"line {number}: a backslash escapes nothing")
            run.append(body[place])
        elif body.startswith("**", place):
            if strong and not run:
                raise TextError(f"line {number}: nothing stands between ** and **")
            if run:
                spans.append(Span(text="".join(run), strong=strong))
            run, strong = [], not strong
            place += 1
        elif character in SPECIAL:
            raise TextError(f"line {number}: {character!r} is special, expected it escaped")
        else:
            run.append(character)
        place += 1
    if strong:
        raise TextError(f"line {number}: ** is not closed")
    if run:
        spans.append(Span(text="".join(run), strong=False))
    return tuple(spans)


def _is_punctuation(character: str) -> bool:
    return character in "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
