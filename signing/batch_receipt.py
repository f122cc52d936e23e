"""The payload of a batch's receipt (SPEC §9.2), written in one pass: rows that say the same share its bytes.

It is the canonical form of the payload that `write_claims` would give all rows, and a property test compares the two.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from signing.bodies.fields import fail
from signing.canonical import JSON, canonicalize
from signing.receipt_claims import MAX_ITEMS, Receipt, ReceiptItem, write_claims
from signing.weaving import between_quotes, weave

MAX_NAME_CHARS: Final = 128
_DIGESTS: Final = re.compile(r"(?:[0-9a-f]{64} )+", re.ASCII)
_GRANTS: Final = re.compile(
    r"(?:grt_(?:[a-z2-7]{26}|test_[a-z0-9]{1,20}(?:_[a-z0-9]{1,20}){0,3}) )+", re.ASCII
)
_IDS: Final = re.compile(r"(?:dec_[A-Za-z0-9_-]{1,120} )+", re.ASCII)
# A control character has one form in JSON, and no text that is signed may hold one: a place to cut at.
_ITEMS = "\x03"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRows:
    """What each row has for itself: its name, the id of its decision, and its place among the receipt's items.

    Names are printable ASCII, 1 to 128 characters, no space at either end.
    """

    names: Sequence[str]
    decision_ids: Sequence[str]
    places: Sequence[int]


def write_batch(receipt: Receipt, rows: BatchRows) -> bytes:
    """The canonical payload of a batch receipt with these rows.

    `receipt.items` are the decisions that differ; their own ids and names do not count.

    Raises:
        MalformedError: the receipt, a row's name or an id breaks a rule of receipts.
    """
    if not receipt.batch:
        fail("not of a batch", "/items", "batch", "a batch")
    _check(rows)
    if not (min(rows.places) >= 0 and max(rows.places) < len(receipt.items)):
        fail("a row has no decision", "/items", "length", f"places below {len(receipt.items)}")
    payload = write_claims(replace(receipt, items=_unlike(receipt.items)))
    pieces = [_pieces(item) for item in receipt.items]
    payload["items"] = _ITEMS
    before, after = _cut(payload, "items", _ITEMS)
    names = between_quotes(rows.names)
    return weave(
        pieces, rows.places, rows.decision_ids, names, before=(before, "["), after=f"]{after}"
    ).encode()


def _unlike(items: Sequence[ReceiptItem]) -> tuple[ReceiptItem, ...]:
    """The items that say something of their own, for `write_claims` to check one by one.

    The others are like one of these, but for a grant and digests, which are checked here all together.
    """
    told: dict[tuple[object, ...], None] = {}
    found: list[ReceiptItem] = []
    digests: list[str] = []
    grants: list[str] = []
    for item in items:
        said = (item.decision, item.reasons, item.obligations, item.attester, len(item.grants))
        if said not in told:
            told[said] = None
            found.append(item)
        else:
            digests += (item.req_sha256, item.record_sha256)
            grants += item.grants
    if digests and not _each(_DIGESTS, digests):
        fail("a digest is malformed", "/items", "sha256", "64 lower-case hex digits")
    if grants and not _each(_GRANTS, grants):
        fail("an id of a grant is malformed", "/items", "id", "grt_…")
    return tuple(found)


def _each(form: re.Pattern[str], texts: Sequence[str]) -> bool:
    """Whether every text has the form, of which `form` matches any number, each with a space behind it."""
    every = " ".join(texts) + " "
    return every.count(" ") == len(texts) and form.fullmatch(every) is not None


def _pieces(item: ReceiptItem) -> tuple[str, str, str]:
    """An item's text behind a comma, cut where a row has its own: `…"decision_id":"`, `"…"id":"`, `"…}`.

    All but the attester was checked to be words and digests, which JSON does not escape.
    """
    attester = ""
    if item.attester is not None:
        attester = f'"attester":{canonicalize(item.attester).decode("utf-8")},'
    return (
        f',{{{attester}"decision":"{item.decision}","decision_id":"',
        f'","grants":{_list(item.grants)},"id":"',
        f'","obligations":{_list(item.obligations)},"reasons":{_list(item.reasons)},'
        f'"record_sha256":"{item.record_sha256}","req_sha256":"{item.req_sha256}"}}',
    )


def _list(words: Sequence[str]) -> str:
    """A list of words that need no escaping, as JSON has it."""
    if not words:
        return "[]"
    inner = '","'.join(words)
    return f'["{inner}"]'


def _cut(members: dict[str, JSON], name: str, mark: str) -> tuple[str, str]:
    """The canonical text before and after the value of a member, which is `mark`.

    A quotation mark inside a string is escaped, so no string can hold `"name":"`.
    """
    text = canonicalize(members).decode("utf-8")
    before, found, after = text.partition(f'"{name}":{_quoted(mark)}')
    assert found  # it was put there
    return f'{before}"{name}":', after


def _quoted(mark: str) -> str:
    return f'"\\u{ord(mark):04x}"'


def _check(rows: BatchRows) -> None:
    """What `read_claims` would say of each row, asked of all of them together."""
    count = len(rows.places)
    if not 0 < count <= MAX_ITEMS or len(rows.names) != count or len(rows.decision_ids) != count:
        fail(f"{count} rows", "/items", "length", f"1 to {MAX_ITEMS}")
    every = "".join(rows.names)
    # ASCII that is printable: U+0020 to U+007E, in NFC.
    if not (every.isascii() and every.isprintable()):
        fail("a row's name has a control or foreign character", "/items", "text", "printable ASCII")
    if min(map(len, rows.names)) < 1 or max(map(len, rows.names)) > MAX_NAME_CHARS:
        fail("a row's name is empty or too long", "/items", "length", f"1 to {MAX_NAME_CHARS} characters")
    if " " in every and any(name != name.strip() for name in rows.names):
        fail("a row's name begins or ends with a space", "/items", "text")
    if not _each(_IDS, rows.decision_ids):
        fail("an id of a decision is malformed", "/items", "id", "dec_…")
