"""The rules of our own JSON profile, each both ways, and the fast printer against the reference."""

import math
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from signing.canonical import (
    MAX_SAFE_INTEGER,
    canonicalize,
    parse,
    parse_canonical,
    parse_statement,
    pointer_to,
    sha256_hex,
)
from signing.errors import MalformedError

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
INTEGERS = st.integers(-MAX_SAFE_INTEGER, MAX_SAFE_INTEGER)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)


def documents(numbers: Any) -> Any:
    """JSON values with these numbers."""
    return st.recursive(
        st.none() | st.booleans() | numbers | TEXTS,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
        max_leaves=12,
    )


@given(documents(INTEGERS))
def test_the_fast_printer_equals_the_reference(value: Any) -> None:
    assert canonicalize(value) == rfc8785.dumps(value)


@given(documents(INTEGERS | FLOATS))
def test_what_is_printed_reads_back_to_the_same_bytes(value: Any) -> None:
    printed = canonicalize(value)
    assert canonicalize(parse(printed, floats=True)) == printed


@given(st.binary(max_size=40))
def test_any_bytes_are_a_value_or_malformed(data: bytes) -> None:
    for floats in (False, True):
        try:
            parse(data, floats=floats)
        except MalformedError:
            continue


REFUSED = [
    (b'{"a":{"b":[1,{"c":1,"c":2}]}}', "/a/b/1/c", "unique_names"),
    (b'{"a":1,"\\u0061":2}', "/a", "unique_names"),
    (b'{"a/b":{"~":1.5}}', "/a~1b/~0", "no_floats"),
    (b'{"n":[0,1e2]}', "/n/1", "no_floats"),
    (b'{"n":-0}', "/n", "integer"),
    (b'{"n":9007199254740992}', "/n", "integer_range"),
    (b'{"n":-9007199254740992}', "/n", "integer_range"),
    (b'{"n":' + b"9" * 5000 + b"}", "/n", "integer_range"),
    (b'{"n":NaN}', "/n", "json"),
    (b"[-Infinity]", "/0", "json"),
    (b'{"a":"\\ud800"}', "/a", "surrogate"),
    (b'{"\\udc00":1}', "/\ufffd", "surrogate"),
    (b"\xef\xbb\xbf{}", "", "bom"),
    (b"\xff", "", "utf8"),
    (b"\xed\xa0\x80", "", "utf8"),
    (b"", "", "json"),
    (b"{} {}", "", "json"),
    (b"[" * 33 + b"]" * 33, "/0" * 32, "max_depth"),
    (b"[" * 100_000, "", "max_depth"),
    (b" " * ((1 << 20) + 1), "", "max_bytes"),
]


@pytest.mark.parametrize(("data", "pointer", "rule"), REFUSED, ids=range(len(REFUSED)))
def test_a_fault_is_named_with_its_pointer_and_rule(data: bytes, pointer: str, rule: str) -> None:
    with pytest.raises(MalformedError) as caught:
        parse(data)
    assert (caught.value.pointer, caught.value.rule) == (pointer, rule)


def test_bounds_are_inclusive() -> None:
    assert parse(b"9007199254740991") == MAX_SAFE_INTEGER
    assert parse(b"-9007199254740991") == -MAX_SAFE_INTEGER
    parse(b"[" * 32 + b"]" * 32)
    parse(b" " * ((1 << 20) - 1) + b"1")


def test_with_floats_large_integers_round_as_doubles_do() -> None:
    assert canonicalize(parse(b"9007199254740993", floats=True)) == b"9007199254740992"
    assert canonicalize(parse(b"[-0,-0.0,1.0,1e2]", floats=True)) == b"[0,0,1,100]"
    assert canonicalize(parse(b"333333333.33333329", floats=True)) == b"333333333.3333333"
    with pytest.raises(MalformedError):
        parse(b"9" * 400, floats=True, max_bytes=1000)


@pytest.mark.parametrize(
    "text", ["e\u0301", "\u212b", "q\u0307\u0323"], ids=["combining", "angstrom", "order"]
)
def test_a_signed_string_is_in_nfc(text: str) -> None:
    data = canonicalize({"name": text})
    assert parse(data) == {"name": text}
    with pytest.raises(MalformedError) as caught:
        parse_statement(data)
    assert (caught.value.pointer, caught.value.rule) == ("/name", "nfc")


def test_a_signed_member_name_is_in_nfc() -> None:
    with pytest.raises(MalformedError) as caught:
        parse_statement(canonicalize({"e\u0301": 1}))
    assert caught.value.rule == "nfc"


@pytest.mark.parametrize("code", [0xFDD0, 0xFDEF, 0xFFFE, 0xFFFF, 0x1FFFE, 0x10FFFF])
def test_a_signed_string_has_no_noncharacter(code: int) -> None:
    with pytest.raises(MalformedError) as caught:
        parse_statement(canonicalize([chr(code)]))
    assert (caught.value.pointer, caught.value.rule) == ("/0", "noncharacter")


@pytest.mark.parametrize("data", [b' {"a":1}', b'{"b":1,"a":2}', b'{"a":"\\u0041"}', b'{"a":1}\n'])
def test_a_signed_payload_has_one_spelling(data: bytes) -> None:
    parse_statement(data)
    with pytest.raises(MalformedError) as caught:
        parse_canonical(data)
    assert caught.value.rule == "canonical"


@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        math.inf,
        {"a": 2**53},
        {"a": -(2**53)},
        "\ud800",
        {"\ud800": 1},
        {"\ud800": 1.5},
        {1: 2},
        {"a": b"bytes"},
        {"a": {1, 2}},
    ],
    ids=repr,
)
def test_what_has_no_canonical_form_is_refused(value: Any) -> None:
    with pytest.raises(MalformedError):
        canonicalize(value)


def test_a_value_nested_without_end_is_refused() -> None:
    value: list[Any] = []
    value.append(value)
    with pytest.raises(MalformedError):
        canonicalize(value)


def test_members_sort_by_utf_16_and_not_by_code_point() -> None:
    assert canonicalize({"\U0001f600": 1, "\ufb33": 2}) == '{"\U0001f600":1,"\ufb33":2}'.encode()


def test_a_pointer_neither_fills_nor_breaks_the_answer() -> None:
    assert pointer_to(["a" * 500, "\ud800", 3]) == "/" + "a" * 200 + "/\ufffd/3"


def test_digests_are_lower_case_hex() -> None:
    assert sha256_hex(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
