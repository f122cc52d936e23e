"""Bytes to typed requests: strict JSON first, then types. What the members mean is `core.complete`'s."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from consent.core.wire.batch_text import take_apart
from consent.core.wire.check import MAX_BATCH_ROWS, BatchCheck, CheckFields, CheckRequest
from consent.core.wire.errors import WireError
from consent.core.wire.exact import ExactReader
from signing.canonical import MAX_DEPTH, parse
from signing.errors import MalformedError

MAX_CHECK_BYTES: Final = 64 * 1024
MAX_BATCH_BYTES: Final = 16 * 1024 * 1024
MAX_ROW_ID_CHARS: Final = 128
SELECTORS: Final = ("performer", "performers", "external_id", "persona", "model", "grant")

T = TypeVar("T")

_CHECK: Final = ExactReader(CheckRequest)
_ROW: Final = ExactReader(BatchCheck)
_ROW_DEPTH: Final = 2  # of a row's object: it stands in a list in an object
_KEY: Final = msgspec.json.Encoder().encode
_SHOWN_CHARS: Final = 60  # of a refused value in an error
_TOLD_CHARS: Final = 160  # of what would have been accepted; a pattern is long
_PATH = re.compile(r"^(?P<what>.*?)(?: - at `(?P<path>\$[^`]*|key in `[^`]*`?)`)?$", re.DOTALL)
_STEP = re.compile(r"\.(?P<name>[^.\[]+)|\[(?P<index>\d+)\]|\[\.\.\.\]")
_UNKNOWN_FIELD = re.compile(r"Object contains unknown field `(?P<name>.*)`", re.DOTALL)
_MISSING_FIELD = re.compile(r"Object missing required field `(?P<name>.*)`", re.DOTALL)
_EXPECTED_GOT = re.compile(r"Expected `(?P<expected>[^`]*)`, got `(?P<got>[^`]*)`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A decoded batch: row `i` is named `names[i]` and asks `requests[places[i]]`, in the order sent.

    Rows that send the same beside their names share a request, or the fault that keeps them from one. A fault of the
    whole raises.
    """

    names: Sequence[str]
    places: Sequence[int]
    requests: Sequence[CheckRequest | WireError]
    receipt: Literal["deferred", "inline"]
    at_least: str | None
    nonce: str | None


class _Envelope(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A batch before its rows are looked into, so that one bad row does not refuse the others."""

    checks: list[dict[str, Any]]
    defaults: CheckFields | UnsetType = UNSET
    receipt: Literal["deferred", "inline"] = "deferred"
    at_least: str | UnsetType = UNSET
    nonce: str | UnsetType = UNSET


def decode_check(data: bytes) -> CheckRequest:
    """Read the body of `POST /v1/check`.

    Raises:
        WireError: not strict JSON, an unknown member, a wrong type.
    """
    request = _CHECK.read(data) if len(data) <= MAX_CHECK_BYTES else None
    return _to_request(parse_json(data, max_bytes=MAX_CHECK_BYTES)) if request is None else request


def decode_batch(data: bytes) -> Batch:
    """Read the body of `POST /v1/check/batch`; each row is completed from `defaults` first.

    A selector in a row replaces any selector of the defaults.

    Raises:
        WireError: a fault of the batch itself: JSON, its members, its row count, a row without id.
    """
    return _quickly(data) or _strictly(data)


def _quickly(data: bytes) -> Batch | None:
    """A batch whose text proves itself strict in pieces; None for any other."""
    if len(data) > MAX_BATCH_BYTES:
        return None
    pieces = take_apart(data, max_rows=MAX_BATCH_ROWS, max_name_chars=MAX_ROW_ID_CHARS, read_row=_read_row)
    if pieces is None:
        return None
    try:
        # No member of the envelope but `checks` may hold what stood in the place of the empty list.
        document = parse_json(pieces.envelope.encode(), max_bytes=MAX_BATCH_BYTES)
        envelope = convert(document, _Envelope)
    except WireError:
        return None
    requests = [_request(sent, _defaults(document)) for sent in pieces.sent]
    return _batch(envelope, pieces.names, pieces.places, requests)


def _read_row(text: str) -> dict[str, Any] | None:
    """The members of a row; None where its text is not strict JSON."""
    row = _ROW.read(text)
    if row is not None:
        members: dict[str, Any] = msgspec.to_builtins(row)
        return members
    try:
        value = parse(text.encode(), max_bytes=MAX_BATCH_BYTES, max_depth=MAX_DEPTH - _ROW_DEPTH)
    except MalformedError:
        return None
    return value if isinstance(value, dict) else None


def _strictly(data: bytes) -> Batch:
    document = parse_json(data, max_bytes=MAX_BATCH_BYTES)
    envelope = convert(document, _Envelope)
    rows = envelope.checks
    if not 1 <= len(rows) <= MAX_BATCH_ROWS:
        raise WireError(
            "/checks", "row_count", f"1 to {MAX_BATCH_ROWS} rows", f"{len(rows)} rows", "batch_size_invalid"
        )
    defaults = _defaults(document)
    names: dict[str, int] = {}
    requests: list[CheckRequest | WireError] = []
    known: dict[bytes, int] = {}
    for place, row in enumerate(rows):
        name = _row_name(row, place, names)
        sent = {member: value for member, value in row.items() if member != "id"}
        # In its own order, with the type of every value: 1, true and "1" are three questions.
        key = _KEY(sent)
        if key not in known:
            known[key] = len(requests)
            requests.append(_request(sent, defaults))
        names[name] = known[key]
    return _batch(envelope, list(names), list(names.values()), requests)


def _defaults(document: object) -> dict[str, Any]:
    return dict(document.get("defaults") or {}) if isinstance(document, dict) else {}


def _batch(
    envelope: _Envelope,
    names: Sequence[str],
    places: Sequence[int],
    requests: Sequence[CheckRequest | WireError],
) -> Batch:
    return Batch(
        names=names,
        places=places,
        requests=requests,
        receipt=envelope.receipt,
        at_least=None if isinstance(envelope.at_least, UnsetType) else envelope.at_least,
        nonce=None if isinstance(envelope.nonce, UnsetType) else envelope.nonce,
    )


def request_from_json(document: object) -> CheckRequest:
    """Type an already parsed JSON object as a question.

    Raises:
        WireError: an unknown member, a wrong type.
    """
    return _to_request(document)


def parse_json(data: bytes, *, max_bytes: int) -> Any:
    """Read one strict JSON document; duplicates, floats and what I-JSON refuses are faults.

    Raises:
        WireError: with the pointer to the fault where the document has one.
    """
    try:
        return parse(data, max_bytes=max_bytes)
    except MalformedError as exc:
        pointer = getattr(exc, "pointer", "") or ""
        rule = getattr(exc, "rule", "") or "json"
        raise WireError(
            pointer, rule, "one strict JSON document", str(exc)[: _SHOWN_CHARS * 3], "json_invalid"
        ) from exc


def _row_name(row: Mapping[str, Any], place: int, names: Mapping[str, int]) -> str:
    name = row.get("id")
    if not isinstance(name, str) or not 1 <= len(name) <= MAX_ROW_ID_CHARS:
        got = "nothing" if name is None else _shown(name)
        raise WireError(
            f"/checks/{place}/id", "row_id", f"1 to {MAX_ROW_ID_CHARS} characters", got, "row_id_invalid"
        )
    if name in names:
        raise WireError(
            f"/checks/{place}/id", "row_id_unique", "an id of its own", _shown(name), "row_id_repeated"
        )
    return name


def _request(row: Mapping[str, Any], defaults: Mapping[str, Any]) -> CheckRequest | WireError:
    """What a row asks, with what it leaves out from the defaults."""
    names_somebody = any(name in row for name in SELECTORS)
    merged = {name: value for name, value in defaults.items() if not (names_somebody and name in SELECTORS)}
    merged.update(row)
    try:
        return _to_request(merged)
    except WireError as fault:
        return fault


def _to_request(document: object) -> CheckRequest:
    return convert(document, CheckRequest)


def convert(document: object, kind: type[T], *, strict: bool = True) -> T:
    """Type an already parsed JSON value as any wire struct; not strict reads numbers and flags from text.

    Raises:
        WireError: an unknown or missing member, a wrong type, a value outside its bounds.
    """
    try:
        return msgspec.convert(document, kind, strict=strict)
    except msgspec.ValidationError as exc:
        raise _fault(str(exc)) from exc


def _fault(message: str) -> WireError:
    """Translate msgspec's message, `Expected `int`, got `str` - at `$.quantity``, into a pointer."""
    match = _PATH.match(message)
    what = match["what"] if match else message
    pointer = _pointer(match["path"] or "$") if match else ""
    if unknown := _UNKNOWN_FIELD.search(what):
        name = unknown["name"]
        return WireError(
            f"{pointer}/{_escaped(name)}",
            "member_known",
            "a documented member",
            _shown(name),
            "member_unknown",
        )
    if missing := _MISSING_FIELD.search(what):
        name = missing["name"]
        return WireError(f"{pointer}/{name}", "member_required", "a value", "nothing", "member_missing")
    if types := _EXPECTED_GOT.search(what):
        return WireError(pointer, "type", types["expected"], types["got"], "type_invalid")
    if what.startswith("Expected "):
        expected = what.removeprefix("Expected ").replace("`", "")[:_TOLD_CHARS]
        return WireError(pointer, "value", expected, "another", "value_invalid")
    return WireError(pointer, "value", "a documented value", what[:_SHOWN_CHARS], "value_invalid")


def _pointer(path: str) -> str:
    steps = (step["name"] or step["index"] or "-" for step in _STEP.finditer(path))
    return "".join(f"/{_escaped(step)}" for step in steps)


def _escaped(name: str) -> str:
    return name[:_SHOWN_CHARS].replace("~", "~0").replace("/", "~1")


def _shown(value: object) -> str:
    return repr(value)[:_SHOWN_CHARS]
