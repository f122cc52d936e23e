"""The text a performer reads: rendered by the server, hashed into the body, shown and mailed unchanged.

A template is `templates/consent/<id>/<version>/<language>.md`. Its first line, `words <version>`, names
the list of words it uses, `templates/consent/words/<version>/<language>.md`. The bytes are UTF-8 with
line feeds, in the subset of `core.markdown`; a name or a description from outside cannot leave its
place in them.
"""

import re
from collections.abc import Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final

from consent.core.markdown import Block, Span, TextError, parse_markdown
from consent.core.text_template import Words, fill, parse_words
from consent.core.text_values import text_values

__all__ = [
    "TEMPLATES",
    "Block",
    "Span",
    "TextError",
    "load_template",
    "parse_markdown",
    "render_text",
    "template_words",
]

TEMPLATES: Final = ("dubbing", "likeness", "persona", "voice-clone")
MAX_TEXT_BYTES: Final = 512 * 1024

_SEPARATOR: Final = b"\n---words---\n"  # between a template and its words in what `load_template` returns
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}")
_WORDS_LINE = re.compile(rb"words ([1-9][0-9]{0,3})")


def load_template(template_id: str, version: int, language: str) -> bytes:
    """Read a template and its words from the package data, as `render_text` takes them.

    Raises:
        TextError: there is no such template, or its first line names no words.
    """
    if template_id not in TEMPLATES or not _LANGUAGE.fullmatch(language):
        raise TextError(f"no template {template_id!r} in {language!r}")
    first, _, text = _read(template_id, version, language).partition(b"\n")
    match = _WORDS_LINE.fullmatch(first)
    if match is None:
        raise TextError(f"template {template_id}: the first line is {first[:20]!r}, expected words <version>")
    return text.strip(b"\n") + _SEPARATOR + _read("words", int(match[1]), language)


def render_text(template: bytes, *, body: Mapping[str, Any]) -> bytes:
    """Render what `load_template` returned for a grant body (with or without its `text_sha256`).

    Raises:
        TextError: the template is broken, the body lacks something it shows, or a value has
            characters that hide, reorder or break text.
    """
    text = template.partition(_SEPARATOR)[0]
    words = template_words(template)
    try:
        filled = fill(text.decode("utf-8"), text_values(body, words))
    except UnicodeDecodeError as exc:
        raise TextError(f"template is not UTF-8 at byte {exc.start}") from exc
    data = filled.encode("utf-8")
    if len(data) > MAX_TEXT_BYTES:
        raise TextError(f"text has {len(data)} bytes, expected at most {MAX_TEXT_BYTES}")
    parse_markdown(data)  # whatever went in, what comes out is of the subset
    return data


def template_words(template: bytes) -> Words:
    """The words that came with a template, so that a page says the same as the text.

    Raises:
        TextError: there are none, or they are broken.
    """
    listed = template.partition(_SEPARATOR)[2]
    if not listed:
        raise TextError("template has no words")
    try:
        return parse_words(listed.decode("utf-8"))
    except UnicodeDecodeError as exc:
        raise TextError(f"words are not UTF-8 at byte {exc.start}") from exc


def _read(template_id: str, version: int, language: str) -> bytes:
    # In a wheel the templates lie inside the package; in the source tree beside it.
    inside = resources.files("consent").joinpath("templates")
    root: Traversable = inside if inside.is_dir() else Path(__file__).parents[2] / "templates"
    found = root.joinpath("consent", template_id, str(version), f"{language}.md")
    if not found.is_file():
        raise TextError(f"no template {template_id!r}, version {version}, in {language!r}")
    return found.read_bytes()
