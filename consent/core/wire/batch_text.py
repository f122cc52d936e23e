"""The text of a batch taken apart without reading its rows one by one.

Rows of a batch mostly differ in their names. Cut out of its row, a name leaves a text that many rows share, and each
such text is read once. The cuts are guesses that prove themselves: where the envelope without its rows, and a row of
each kind, are strict JSON of the expected members, the whole is that and nothing else, because JSON has one reading.
Whatever is not proven so is left to the strict parser, which also words every fault.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

_OPENING: Final = re.compile(r'"checks"[ \t\n\r]*:[ \t\n\r]*\[[ \t\n\r]*\{')
_CLOSING: Final = re.compile(r"\}[ \t\n\r]*\]")
_JOINT: Final = re.compile(r"\}[ \t\n\r]*,[ \t\n\r]*\{")
_NAME: Final = re.compile(r'"id"[ \t\n\r]*:[ \t\n\r]*"')


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchText:
    """A batch in pieces. `envelope` is its text with an empty list of checks; row `i` is named `names[i]` and sends
    the members `sent[places[i]]`."""

    envelope: str
    names: list[str]
    places: list[int]
    sent: list[dict[str, Any]]


def take_apart(
    data: bytes, *, max_rows: int, max_name_chars: int, read_row: Callable[[str], dict[str, Any] | None]
) -> BatchText | None:
    """The pieces of a batch whose names are plain, or None where the strict parser has to look.

    `read_row` gives the members of a row's text as strict JSON at its depth, None where it is not. The caller must
    find the envelope to be strict JSON too, of known members only.
    """
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    opening = _OPENING.search(text)
    closing = opening and _CLOSING.search(text, opening.end())
    if opening is None or closing is None:
        return None
    inside = text[opening.end() : closing.start()]
    joint = _JOINT.search(inside)
    rows = inside.split(joint.group()) if joint else [inside]
    pieces = _take_names(rows, read_row) if len(rows) <= max_rows else None
    if pieces is None or not _are_plain(pieces[0], max_name_chars):
        return None
    head, tail = text[: opening.end() - 1].rstrip(), text[closing.end() :]
    names, places, sent = pieces
    return BatchText(envelope=f"{head}]{tail}", names=names, places=places, sent=sent)


def _take_names(
    rows: list[str], read_row: Callable[[str], dict[str, Any] | None]
) -> tuple[list[str], list[int], list[dict[str, Any]]] | None:
    """Names, places and what is sent, or None where a row is not as it seems. Rows are without their braces."""
    mark = _NAME.search(rows[0])
    if mark is None:
        return None
    cut = mark.group()
    names: list[str] = []
    places: list[int] = []
    known: dict[tuple[str, str], int] = {}
    sent: list[dict[str, Any]] = []
    for row in rows:
        before, _, rest = row.partition(cut)
        name, ending, after = rest.partition('"')
        place = known.get((before, after))
        if place is None:
            members = _members(before, row, name, read_row)
            if members is None:
                return None
            place = known[before, after] = len(sent)
            sent.append(members)
        if not ending:
            return None  # without it, an unfinished row would look like one that ends with its name
        names.append(name)
        places.append(place)
    return names, places, sent


def _members(
    before: str, row: str, name: str, read_row: Callable[[str], dict[str, Any] | None]
) -> dict[str, Any] | None:
    """What a row sends beside its name, if the name is where it was cut out: a value of the row's own `id`.

    Without a brace there is no object within the row; without a backslash before it, the cut's first quotation mark
    begins a string, since after the end of one there is no letter.
    """
    if "{" in row or "}" in row or before.endswith("\\"):
        return None
    members = read_row(f"{{{row}}}")
    return None if members is None or members.pop("id", None) != name else members


def _are_plain(names: list[str], max_chars: int) -> bool:
    """Whether every name is itself in JSON, not too long, and nobody else's."""
    every = "".join(names)
    return (
        every.isascii()
        and every.isprintable()
        and "\\" not in every
        and min(map(len, names)) > 0
        and max(map(len, names)) <= max_chars
        and len(set(names)) == len(names)
    )
