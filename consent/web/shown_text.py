"""The exact text that is signed, as a page lays it out: the blocks that `parse_markdown` reads, grouped."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from django.http import HttpResponse

from consent.core.markdown import Block, parse_markdown

_TOGETHER = ("item", "quote")  # lines of one list or one quotation


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Blocks that stand together; `kind` is the kind of each."""

    kind: str
    blocks: tuple[Block, ...]


def shown_text(text: bytes) -> Sequence[Group]:
    """What the page shows of these bytes, every character of them; the template escapes.

    Raises:
        TextError: the bytes are not of the subset.
    """
    groups: list[Group] = []
    for kind, run in groupby(parse_markdown(text), key=lambda block: block.kind):
        blocks = tuple(run)
        parts = (blocks,) if kind in _TOGETHER else tuple((block,) for block in blocks)
        groups.extend(Group(kind=kind, blocks=part) for part in parts)
    return groups


def download(data: bytes, *, name: str, kind: str) -> HttpResponse:
    """Bytes as they are, to be kept as a file; a browser never runs or guesses them."""
    response = HttpResponse(data, content_type=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "no-store"
    return response
