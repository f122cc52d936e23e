"""The kinds of members that bodies are made of: each a check that raises with the member's pointer (SPEC §4.2).

A check takes a value and its pointer and returns nothing. It judges form only; what a word means is decided
elsewhere, and a word that nobody knows denies there.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import NoReturn, TypeAlias

from signing.canonical import JSON, MAX_SAFE_INTEGER
from signing.encoding import unb64u
from signing.errors import MalformedError
from signing.instants import parse_instant

Check: TypeAlias = Callable[[JSON, str], None]

MAX_LIST = 5000  # source material is listed file by file; everything else is far below
# `train.voice`, `fetish:latex`, `over_18`; at most 64 characters
_TOKEN = re.compile(r"(?=.{1,64}\Z)[a-z][a-z0-9]*(?:[._:-][a-z0-9]+)*", re.ASCII)
_LABEL = re.compile(r"[a-z0-9-]{1,32}", re.ASCII)
_HEX32 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,8}", re.ASCII)  # RFC 5646 §2.1, coarsely
_RANDOM_ID = r"[a-z2-7]{26}"  # 16 random bytes in base32 (RFC 4648 §6), lower case, no padding
_READABLE_ID = r"test_[a-z0-9]{1,20}(?:_[a-z0-9]{1,20}){0,3}"  # invented actors of the test side
# Controls, and what reorders or breaks a line: U+2028–202E and U+2066–2069. A name that prints as another
# name has no place in a contract.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff]")
_UNPRINTABLE_BUT_LF = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff]")


def fail(message: str, pointer: str, rule: str, expected: str = "") -> NoReturn:
    """Raise the fault of one member."""
    raise MalformedError(message, pointer=pointer, rule=rule, expected=expected)


def record(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    """An object with exactly these members; the optional ones may be left out."""
    known = {**required, **(optional or {})}

    def check(value: JSON, pointer: str) -> None:
        if not isinstance(value, dict):
            fail("not an object", pointer, "type", "an object")
        for name in value:
            if name not in known:
                fail("unknown member", f"{pointer}/{_step(name)}", "unknown_member")
        for name, member in known.items():
            if name in value:
                member(value[name], f"{pointer}/{name}")
            elif name in required:
                fail("missing", f"{pointer}/{name}", "required")

    return check


def nullable(member: Check) -> Check:
    """null, or the member."""

    def check(value: JSON, pointer: str) -> None:
        if value is not None:
            member(value, pointer)

    return check


def either(first: Check, second: Check) -> Check:
    """An object for `first`, anything else for `second`."""

    def check(value: JSON, pointer: str) -> None:
        (first if isinstance(value, dict) else second)(value, pointer)

    return check


def constant(expected: str) -> Check:
    """Exactly this string."""
    return one_of(expected)


def one_of(*words: str) -> Check:
    """One of a closed list of strings."""

    def check(value: JSON, pointer: str) -> None:
        if not isinstance(value, str) or value not in words:
            fail("not an accepted word", pointer, "one_of", ", ".join(words))

    return check


def boolean(value: JSON, pointer: str) -> None:
    """true or false."""
    if not isinstance(value, bool):
        fail("not true or false", pointer, "type", "true or false")


def integer(low: int, high: int = MAX_SAFE_INTEGER) -> Check:
    """A whole number from `low` to `high`, both included."""

    def check(value: JSON, pointer: str) -> None:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            fail("not an accepted integer", pointer, "integer", f"{low} to {high}")

    return check


def pattern(form: re.Pattern[str], rule: str, expected: str) -> Check:
    """A string that the form matches whole."""

    def check(value: JSON, pointer: str) -> None:
        if not isinstance(value, str) or not form.fullmatch(value):
            fail("not of the accepted form", pointer, rule, expected)

    return check


def identifier(prefix: str) -> Check:
    """An opaque id: `prefix_` and 26 base32 characters, or a readable one of the test side."""
    return pattern(
        re.compile(rf"{prefix}_(?:{_RANDOM_ID}|{_READABLE_ID})", re.ASCII),
        "id",
        f"{prefix}_ and 26 characters of a-z2-7",
    )


token = pattern(_TOKEN, "token", "a lower-case word such as train.voice")
template_id = pattern(re.compile(r"[a-z][a-z0-9-]{0,63}", re.ASCII), "template_id", "a-z, 0-9 and -")
line_id = pattern(_LABEL, "line_id", "1 to 32 of a-z, 0-9 and -")
sha256 = pattern(_HEX32, "sha256", "64 lower-case hex digits")
country = pattern(_COUNTRY, "country", "ISO 3166-1 alpha-2")
language = pattern(_LANGUAGE, "language", "a BCP 47 tag")


def base64url(length: int) -> Check:
    """Base64url without padding of exactly `length` bytes."""

    def check(value: JSON, pointer: str) -> None:
        if not isinstance(value, str):
            fail("not a string", pointer, "type", "base64url")
        unb64u(value, pointer=pointer, length=length)

    return check


nonce = base64url(32)
thumbprint = base64url(32)  # RFC 7638 with SHA-256


def instant(value: JSON, pointer: str) -> None:
    """UTC in whole seconds, `YYYY-MM-DDTHH:MM:SSZ`."""
    parse_instant(value, pointer=pointer)


def text(longest: int, *, shortest: int = 1, lines: bool = False) -> Check:
    """Words for people: NFC, no controls (line feeds only with `lines`), nothing blank at either end."""
    refused = _UNPRINTABLE_BUT_LF if lines else _UNPRINTABLE

    def check(value: JSON, pointer: str) -> None:
        if not isinstance(value, str):
            fail("not a string", pointer, "type", "a string")
        if not shortest <= len(value) <= longest:
            fail(f"{len(value)} characters", pointer, "length", f"{shortest} to {longest} characters")
        if refused.search(value):
            fail("has a control or reordering character", pointer, "text")
        if value != value.strip():
            fail("begins or ends with blank space", pointer, "text")
        if not unicodedata.is_normalized("NFC", value):
            fail("string is not in NFC", pointer, "nfc")

    return check


def sequence(member: Check, *, longest: int = MAX_LIST) -> Check:
    """A list in the order in which it is shown. Never empty: what would be empty is left out."""

    def check(value: JSON, pointer: str) -> None:
        if not isinstance(value, list):
            fail("not a list", pointer, "type", "a list")
        if not value:
            fail("list is empty; leave it out", pointer, "empty_list")
        if len(value) > longest:
            fail(f"{len(value)} items", pointer, "length", f"at most {longest} items")
        for index, item in enumerate(value):
            member(item, f"{pointer}/{index}")

    return check


def set_of(member: Check, *, longest: int = MAX_LIST) -> Check:
    """A list of strings that is a set: sorted by code point, each once, never empty."""
    listed = sequence(member, longest=longest)

    def check(value: JSON, pointer: str) -> None:
        listed(value, pointer)
        _check_sorted(value, pointer)

    return check


def _check_sorted(value: JSON, pointer: str) -> None:
    if not isinstance(value, list):
        fail("not a list", pointer, "type", "a list")
    for index in range(1, len(value)):
        before, here = value[index - 1], value[index]
        if not (isinstance(before, str) and isinstance(here, str) and before < here):
            fail("not a sorted set", f"{pointer}/{index}", "sorted_set", "strings, ascending, each once")


def open_value(room: int) -> Check:
    """A value whose meaning this version may not know: a scalar, a sorted set of strings, or an object of these.

    `room` is how many levels of objects may follow.
    """
    word = text(400)
    words = set_of(word)

    def check(value: JSON, pointer: str) -> None:
        if isinstance(value, dict):
            if room == 0:
                fail("nested too deep", pointer, "max_depth")
            if not value:
                fail("object is empty; leave it out", pointer, "empty_object")
            for name, item in value.items():
                token(name, f"{pointer}/{_step(name)}")
                open_value(room - 1)(item, f"{pointer}/{_step(name)}")
        elif isinstance(value, list):
            words(value, pointer)
        elif isinstance(value, str):
            word(value, pointer)
        elif isinstance(value, float):
            fail("fractions are refused", pointer, "no_floats")
        elif value is not None and not isinstance(value, bool):
            integer(-MAX_SAFE_INTEGER)(value, pointer)

    return check


def open_object(room: int) -> Check:
    """An object whose members this version may not know; see `open_value`."""
    member = open_value(room)

    def check(value: JSON, pointer: str) -> None:
        if not isinstance(value, dict):
            fail("not an object", pointer, "type", "an object")
        member(value, pointer)

    return check


def _step(name: str) -> str:
    return name[:100].replace("~", "~0").replace("/", "~1")
