"""JSON: one strict parser in front of everything, one canonical form behind it (SPEC §1.2–1.4).

`parse` accepts I-JSON (RFC 7493) and nothing else, `parse_statement` only what may stand in a signed body,
`canonicalize` prints RFC 8785.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import NoReturn, TypeAlias

import rfc8785

from signing.errors import MalformedError

JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"

MAX_BYTES = 1 << 20  # one statement, envelope or request; batches say more (DESIGN §15)
MAX_DEPTH = 32  # containers within containers; a grant needs 6
MAX_SAFE_INTEGER = 2**53 - 1  # RFC 7493 §2.2: integers outside do not survive other people's parsers
_MAX_SAFE_DIGITS = len(str(MAX_SAFE_INTEGER)) + 1  # with a sign; longer literals are never converted
_MAX_STEP = 200
_PRINT = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
_SURROGATE = re.compile("[\ud800-\udfff]")
# Unicode §23.7: the last two code points of each plane and U+FDD0–U+FDEF. RFC 7493 §2.1 refuses them.
_NONCHARACTER = re.compile(
    "[\ufdd0-\ufdef" + "".join(chr(p << 16 | 0xFFFE) + chr(p << 16 | 0xFFFF) for p in range(17)) + "]"
)


class _Repeated:
    """Stands in the tree for an object with a member name twice, until the walk knows its pointer."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


class _Refused:
    """Stands in the parsed tree for a number literal that the profile refuses."""

    __slots__ = ("message", "rule")

    def __init__(self, message: str, rule: str) -> None:
        self.message = message
        self.rule = rule


def pointer_to(path: Sequence[str | int]) -> str:
    """The RFC 6901 pointer of a path of member names and indexes, fit to be printed in an answer.

    A lone surrogate becomes U+FFFD and a name is cut after 200 characters: the pointer goes back to
    whoever sent the text, and must neither break the answer nor fill it.
    """
    return "".join(
        "/" + _SURROGATE.sub("\ufffd", str(step)[:_MAX_STEP]).replace("~", "~0").replace("/", "~1")
        for step in path
    )


def parse(
    data: bytes, *, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH, floats: bool = False
) -> JSON:
    """The value of one I-JSON text (RFC 8259, RFC 7493).

    Without `floats` every number is an integer within ±(2^53−1), written without exponent, fraction or minus
    zero. With `floats` numbers are IEEE 754 doubles as RFC 8785 reads them: integers beyond 2^53 round.

    Raises:
        MalformedError: not UTF-8, a byte order mark, not JSON, a member name twice, a lone surrogate, a
            number that the profile refuses, too long or too deep. `pointer` names the place if there is one.
    """
    if len(data) > max_bytes:
        raise MalformedError(f"{len(data)} bytes, at most {max_bytes}", rule="max_bytes")
    try:
        text = data.decode("utf-8", errors="strict")
    except UnicodeDecodeError as exc:
        raise MalformedError(f"not UTF-8 at byte {exc.start}", rule="utf8") from exc
    if text.startswith("\ufeff"):
        raise MalformedError("starts with a byte order mark", rule="bom")  # RFC 8259 §8.1
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_double if floats else _integer,
            parse_float=_double if floats else _no_float,
            parse_constant=_constant,
        )
    except json.JSONDecodeError as exc:
        raise MalformedError(
            f"not JSON: {exc.msg} at line {exc.lineno} column {exc.colno}", rule="json"
        ) from exc
    except RecursionError as exc:
        raise MalformedError(f"nested deeper than {max_depth}", rule="max_depth") from exc
    _refuse_faults(value, [], max_depth)
    checked: JSON = value
    return checked


def parse_statement(data: bytes, *, max_bytes: int = MAX_BYTES) -> JSON:
    """The value of a JSON text that may be signed: no floats, strings in NFC, no noncharacters.

    Raises:
        MalformedError: as `parse`, or a string that breaks a rule of signed bodies (DESIGN §4).
    """
    value = parse(data, max_bytes=max_bytes)
    check_statement_strings(value)
    return value


def check_statement_strings(value: JSON, *, pointer: str = "") -> None:
    """Refuse strings and member names that are not NFC or hold a noncharacter or lone surrogate.

    Raises:
        MalformedError: rule `nfc`, `noncharacter` or `surrogate`, with the pointer of the string.
    """
    for path, text in _strings(value, ()):
        if text.isascii():
            continue
        if _SURROGATE.search(text):
            raise MalformedError(
                "string has a lone surrogate", pointer=pointer + pointer_to(path), rule="surrogate"
            )
        if not unicodedata.is_normalized("NFC", text):
            raise MalformedError("string is not in NFC", pointer=pointer + pointer_to(path), rule="nfc")
        if _NONCHARACTER.search(text):
            raise MalformedError(
                "string has a noncharacter", pointer=pointer + pointer_to(path), rule="noncharacter"
            )


def canonicalize(value: "JSON | Mapping[str, JSON]") -> bytes:
    """The RFC 8785 bytes of a value. The same value always gives the same bytes, whoever printed it.

    Raises:
        MalformedError: an integer beyond ±(2^53−1), NaN or infinity, a lone surrogate, a foreign type.
    """
    try:
        if _is_plain(value):
            # For these values the C encoder prints RFC 8785 (a property test compares them), in half the time.
            return _PRINT(value).encode("utf-8")
        return rfc8785.dumps(value)
    except rfc8785.CanonicalizationError as exc:
        raise MalformedError(f"no canonical form: {exc}", rule="canonical") from exc
    except UnicodeEncodeError as exc:  # rfc8785 0.1.4 lets this one through for member names
        raise MalformedError("no canonical form: lone surrogate in a name", rule="surrogate") from exc
    except RecursionError as exc:
        raise MalformedError("no canonical form: nested too deep", rule="max_depth") from exc


def parse_canonical(data: bytes, *, max_bytes: int = MAX_BYTES) -> JSON:
    """The value of a signed JSON text, which must be its own RFC 8785 form: payloads have one spelling.

    Raises:
        MalformedError: as `parse_statement`, or other bytes than `canonicalize` would print.
    """
    value = parse_statement(data, max_bytes=max_bytes)
    if canonicalize(value) != data:
        raise MalformedError("JSON is not in RFC 8785 form", rule="canonical")
    return value


def sha256_hex(data: bytes) -> str:
    """SHA-256 as 64 lower-case hex digits."""
    return hashlib.sha256(data).hexdigest()


def _is_plain(value: object) -> bool:
    """Whether a value has only ASCII names, safe integers and whole strings: no floats, no sorting by UTF-16."""
    if isinstance(value, str):
        return value.isascii() or not _SURROGATE.search(value)
    if isinstance(value, bool) or value is None:
        return True
    if isinstance(value, int):
        return -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER
    if isinstance(value, dict):
        return all(
            isinstance(name, str) and name.isascii() and _is_plain(item) for name, item in value.items()
        )
    return isinstance(value, list) and all(_is_plain(item) for item in value)


def _object(pairs: list[tuple[str, object]]) -> object:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            return _Repeated(name)
        seen.add(name)
    return members


def _integer(literal: str) -> object:
    if literal == "-0":
        return _Refused("minus zero is not an integer", "integer")
    if len(literal) > _MAX_SAFE_DIGITS or abs(int(literal)) > MAX_SAFE_INTEGER:
        return _Refused("integer is beyond ±(2^53−1)", "integer_range")
    return int(literal)


def _no_float(literal: str) -> object:
    return _Refused(f"{literal[:24]} is not an integer; fractions and exponents are refused", "no_floats")


def _double(literal: str) -> object:
    number = float(literal)  # also for integers: ES6 knows doubles only
    if number in (float("inf"), float("-inf")):
        return _Refused("number is beyond IEEE 754 doubles", "number_range")
    if number.is_integer() and abs(number) <= MAX_SAFE_INTEGER:
        return int(number)
    return number


def _constant(literal: str) -> object:
    return _Refused(f"{literal} is not JSON", "json")


def _refuse_faults(value: object, path: list[str | int], room: int) -> None:
    """Raise for the first fault of the tree in document order; `room` is the depth still allowed."""
    if isinstance(value, str):
        if not value.isascii() and _SURROGATE.search(value):
            _fail(path, "string has a lone surrogate", "surrogate")
    elif isinstance(value, dict | list):
        if room == 0:
            _fail(path, "nested too deep", "max_depth")
        for step, child in value.items() if isinstance(value, dict) else enumerate(value):
            path.append(step)
            if isinstance(step, str) and not step.isascii() and _SURROGATE.search(step):
                _fail(path, "member name has a lone surrogate", "surrogate")
            _refuse_faults(child, path, room - 1)
            path.pop()
    elif isinstance(value, _Repeated):
        _fail([*path, value.name], "member name stands twice", "unique_names")
    elif isinstance(value, _Refused):
        _fail(path, value.message, value.rule)


def _fail(path: Sequence[str | int], message: str, rule: str) -> NoReturn:
    raise MalformedError(message, pointer=pointer_to(path), rule=rule)


def _strings(value: object, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict | list):
        for step, child in value.items() if isinstance(value, dict) else enumerate(value):
            if isinstance(step, str):
                yield (*path, step), step
            yield from _strings(child, (*path, step))
