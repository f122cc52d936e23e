"""Reading at full speed and reading strictly are one reading: the same value, or the same refusal."""

import json
import random
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consent.core.wire import decode
from consent.core.wire.check import MAX_BATCH_ROWS, CheckRequest
from consent.core.wire.decode import Batch, decode_batch, decode_check
from consent.core.wire.errors import WireError

MODEST = settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
TEXTS = st.one_of(
    st.sampled_from(
        ["DE", "train.voice", "audiobook", "prf_test_one", "", "a,b", "a\\", '"', '\\"id\\":\\"x', "\u00e9", "e\u0301"]
    ),
    st.sampled_from(["ＤＥ", "\x7f", "\ud83d\ude00", "{", "}", "},{", '"id":"row"', "]", "[", '"checks":[', "\u2028"]),
    st.text(max_size=6),
)  # fmt: skip
VALUES = st.one_of(
    TEXTS,
    st.sampled_from([1, 0, -1, True, False, None, 2**53, 2**53 - 1, 10**30, 1.0, 0.5]),
    st.lists(TEXTS, max_size=3),
)
MEMBERS = [
    "performer",
    "performers",
    "use",
    "territory",
    "language",
    "quantity",
    "commercial",
    "themes",
    "nonce",
]
ROWS = st.dictionaries(
    st.sampled_from([*MEMBERS, "colour", "at_least", "checks", "defaults"]), VALUES, max_size=4
)
NAMES = st.one_of(
    st.integers(0, 40).map(lambda n: f"row-{n}"), st.sampled_from(["a b", " a", "", "é", '"', "\\", "},{", "x" * 129])
)  # fmt: skip
STYLES: list[dict[str, Any]] = [
    {"separators": (",", ":"), "ensure_ascii": False},
    {"separators": (", ", ": ")},
    {"indent": 1},
    {"separators": (" , ", " :\t")},
]
# What an attacker would put into a text, and where two readers could part.
INSERTED = ['"', "\\", "{", "}", "[", "]", ",", ":", " ", "\n", '"id":"x"', '"use":"train.voice",', "-0", "1e3", "\x00",
            "\ufeff", "},{", '"checks":[],', "\\u0022", "\\ud800", '"id":"y",', "//", "0"]  # fmt: skip


@st.composite
def texts(draw: Any, document: Any) -> bytes:
    """A document in some style, in parts broken."""
    text = json.dumps(document, **draw(st.sampled_from(STYLES)))
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 1, 2, 3]))):
        at = draw(st.integers(0, len(text)))
        cut = draw(st.sampled_from([0, 0, 1, 2, 7]))
        text = text[:at] + draw(st.sampled_from(INSERTED)) + text[at + cut :]
    return text.encode("utf-8", "surrogatepass")


@st.composite
def batch_texts(draw: Any) -> bytes:
    """A batch whose rows are few kinds, many times."""
    kinds = draw(st.lists(ROWS, min_size=1, max_size=3))
    rows = []
    for name in draw(st.lists(NAMES, min_size=1, max_size=6)):
        row = list(draw(st.sampled_from(kinds)).items())
        row.insert(draw(st.integers(0, len(row))), ("id", name))
        rows.append(dict(row))
    members: list[tuple[str, Any]] = [("checks", rows)]
    if draw(st.booleans()):
        members.insert(draw(st.integers(0, 1)), ("defaults", draw(ROWS | st.just({"use": "train.voice"}))))
    if draw(st.booleans()):
        members.insert(0, ("nonce", draw(TEXTS)))
    made: bytes = draw(texts(dict(members)))
    return made


def _told(read: Any, data: bytes) -> Any:
    """A value that can be compared: what was read, or how it was refused."""
    try:
        value = read(data)
    except WireError as exc:
        return str(exc), exc.pointer, exc.code
    if not isinstance(value, Batch):
        return msgspec.to_builtins(value)
    rows = []
    for name, place in zip(value.names, value.places, strict=True):
        request = value.requests[place]
        rows.append((name, str(request) if isinstance(request, WireError) else msgspec.to_builtins(request)))
    return rows, value.receipt, value.at_least, value.nonce


def _typed(data: bytes) -> CheckRequest:
    """One check as it is read without any shortcut."""
    return decode.request_from_json(decode.parse_json(data, max_bytes=decode.MAX_CHECK_BYTES))


@given(ROWS.flatmap(texts))
@MODEST
def test_a_check_is_read_as_the_strict_parser_reads_it(data: bytes) -> None:
    assert _told(decode_check, data) == _told(_typed, data)


@given(batch_texts())
@MODEST
def test_a_batch_is_read_as_the_strict_parser_reads_it(data: bytes) -> None:
    assert _told(decode_batch, data) == _told(decode._strictly, data)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("first", [True, False])
def test_what_machines_write_is_read_without_the_strict_parser(
    style: dict[str, Any], first: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{"performer": f"prf_{n % 7}", "territory": "DE", "language": "de"} for n in range(50)]
    named = [{"id": f"r {n}", **row} if first else {**row, "id": f"r {n}"} for n, row in enumerate(rows)]
    document = {"defaults": {"use": "train.voice", "themes": ["hate"]}, "checks": named, "receipt": "inline"}
    data = json.dumps(document, **style).encode()
    as_strict = _told(decode._strictly, data)
    monkeypatch.setattr(decode, "_strictly", None)
    assert _told(decode_batch, data) == as_strict
    assert len(decode_batch(data).requests) == 7
    one = json.dumps({"use": "train.voice", **rows[0], "quantity": 2}, **style).encode()
    as_typed = _typed(one)
    monkeypatch.setattr(decode, "parse_json", None)
    assert decode_check(one) == as_typed


@pytest.mark.parametrize(
    "data",
    [
        b'{"checks":[{"use":"train.voice","id":"a"},{"use":"train.voice","id":"b}]}',
        b'{"checks":[{"use":"train.voice","id":"a"},{"use":"train.voice","id":"b",}]}',
        b'{"checks":[{"id":"a","use":"train.voice"},]}',
        b'{"checks":[{"id":"a","use":"x"},{"id":"b","use":"x"}],"checks":[]}',
        b'{"checks":[],"checks":[{"id":"a","use":"x"},{"id":"b","use":"x"}]}',
        b'{"defaults":{"checks":[{"id":"a","use":"x"}]},"chec\\u006bs":[]}',
        b'{"\\"checks":[{"id":"a","use":"x"}],"chec\\u006bs":[]}',
        b'{"nonce":"\\"checks\\":[{\\"id\\":\\"a\\"}]","checks":[{"id":"b","use":"x"}]}',
        b'{"checks":[{"performer":"\\"id\\":\\"a","id":"b","use":"x"},{"performer":"\\"id\\":\\"c","id":"b","use":"x"}]}',
        b'{"checks":[{"x\\"id":"a","id":"a","use":"x"},{"x\\"id":"b","id":"a","use":"x"}]}',
        b'{"checks":[{"themes":{"id":"a"},"id":"a"},{"themes":{"id":"b"},"id":"a"}]}',
        b'{"checks":[{"id":"a","id":"a","use":"x"}]}',
        b'{"checks":[{"id":"a","use":"x","use":"x"},{"id":"b","use":"x","use":"x"}]}',
        b'{"checks":[{"id":"a","use":"x"},{"id":"a","use":"x"}]}',
        b'{"checks":[{"id":"a\\u0062","use":"x"},{"id":"ab","use":"x"}]}',
        b'{"checks":[{"id":"a","quantity":-0,"use":"x"},{"id":"b","quantity":1.0,"use":"x"}]}',
        b'{"checks":[{"id":"a","themes":' + b"[" * 29 + b"]" * 29 + b"}]}",
        b'{"checks":[{"id":"a","themes":' + b"[" * 30 + b"]" * 30 + b"}]}",
        b'\xef\xbb\xbf{"checks":[{"id":"a","use":"x"}]}',
        b'{"checks":[{"id":"a","use":"\xff"}]}',
        b'{"checks":[{"id":"a","use":"\\ud800"}]}',
        b'[{"checks":[{"id":"a","use":"x"}]}]',
        b'{"checks":[{"id":"a","use":"x"}]} x',
        b'{"checks":[{"id":"a","use":"x"}],"defaults":{"use":"a","use":"b"}}',
    ],
)
def test_no_text_made_to_be_read_in_two_ways_is(data: bytes) -> None:
    assert _told(decode_batch, data) == _told(decode._strictly, data)


def test_a_full_batch_is_read_and_one_row_more_is_refused() -> None:
    rows = [{"id": f"r{n}", "performer": f"prf_{n}"} for n in range(MAX_BATCH_ROWS)]
    chosen = random.Random(1)
    chosen.shuffle(rows)
    batch = decode_batch(json.dumps({"defaults": {"use": "x"}, "checks": rows}).encode())
    asked = [batch.requests[place] for place in batch.places[:3]]
    assert [each.performer for each in asked if isinstance(each, CheckRequest)] == [
        row["performer"] for row in rows[:3]
    ]
    assert list(batch.names) == [row["id"] for row in rows]
    assert len(batch.names) == len(batch.requests) == MAX_BATCH_ROWS
    rows.append({"id": "more", "performer": "prf_x"})
    with pytest.raises(WireError) as caught:
        decode_batch(json.dumps({"checks": rows}).encode())
    assert caught.value.code == "batch_size_invalid"


@pytest.mark.parametrize("read", [decode_batch, decode._strictly])
def test_true_one_and_its_text_are_three_questions(read: Any) -> None:
    values = [
        "1",
        "true",
        '"1"',
        '"true"',
        "[1]",
        '["1"]',
        '["1,2"]',
        '["1","2"]',
        "null",
        "10",
        '"DE"',
        '"ＤＥ"',
        '"de"',
    ]
    rows = ",".join(f'{{"id":"r{n}","themes":{value}}}' for n, value in enumerate([*values, *values]))
    batch = read(f'{{"checks":[{rows}]}}'.encode())
    assert list(batch.places) == [*range(len(values)), *range(len(values))]
