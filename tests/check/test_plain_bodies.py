"""A body that is read in one step is the same question that the strict reader reads, and never one that it refuses."""

import json
import random

import pytest

from tests.check.questions import HOSTILE, questions

REFERENCE = "prf_" + "a" * 26
BODY = {
    "use": "train.voice",
    "performer": REFERENCE,
    "quantity": 3,
    "nonce": "a b",
    "purpose": "audiobook",
    "source_material": ["0" * 64, "1" * 64],
    "political": True,
}


def _same_or_left(body: bytes) -> bool:
    from consent.check.plain_body import read_plain
    from consent.check.question_body import read_check

    read = read_plain(body)
    # `read_check` raises for what it refuses, so a refused body that was read here fails the test.
    assert read is None or read_check(body) == read, body
    return read is not None


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")], ids=["compact", "spaced"])
def test_what_programs_write_is_read_in_one_step(separators: tuple[str, str]) -> None:
    assert _same_or_left(json.dumps(BODY, separators=separators, ensure_ascii=False).encode())


@pytest.mark.parametrize(
    "body",
    [
        b'{"use":"train.voice","performer":"p","use":"train.voice"}',
        b'{"use":"train.voice","quantity":1.0}',
        b'{"use":"train.voice","quantity":-0}',
        b'{"use":"train.voice","quantity":1e0}',
        b'{"use":"train.voice","quantity":9007199254740993}',
        b'{"use":"train.voice","commercial":1}',
        b'{"use":"train.voice","purpose":null}',
        b'{"use":"train.\\u0076oice"}',
        b'{"use":"train.voice","nonce":"a\\/b"}',
        b'{"use":"train.voice","nonce":"\\ud800"}',
        b'{"use":"train.voice","nonce":"\xff"}',
        b'{"use":"train.voice"} x',
        b'\xef\xbb\xbf{"use":"train.voice"}',
    ],
)
def test_whatever_is_spelt_otherwise_is_left_to_the_strict_reader(body: bytes) -> None:
    assert not _same_or_left(body)


@pytest.mark.parametrize("body", HOSTILE)
def test_nothing_hostile_is_read_otherwise_than_strictly(body: bytes) -> None:
    _same_or_left(body)


def test_thousands_of_questions_read_alike() -> None:
    read = [_same_or_left(body) for body in questions(REFERENCE, count=3000, seed=5)]
    assert sum(read) > 1000


def test_bodies_with_accidents_are_read_alike_or_left() -> None:
    chosen = random.Random(6)
    bodies = [json.dumps(BODY, separators=each).encode() for each in ((",", ":"), (", ", ": "))]
    read = 0
    for _ in range(20_000):
        body = bytearray(chosen.choice(bodies))
        for _ in range(chosen.randrange(1, 4)):
            at = chosen.randrange(len(body))
            match chosen.randrange(4):
                case 0:
                    body[at] = chosen.randrange(256)
                case 1:
                    del body[at]
                case 2:
                    body[at:at] = bytes([chosen.choice(b' \t"\\{}[],:0123.eE-u\xc3')])
                case _:
                    start = chosen.randrange(len(body))
                    body[at:at] = body[start : start + chosen.randrange(40)]
        read += _same_or_left(bytes(body))
    assert read > 1000
