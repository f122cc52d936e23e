"""RFC 8785 and strict I-JSON, held against other people's cases."""

import base64
import hashlib
import json
import math
import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from signing.canonical import canonicalize, parse, parse_statement
from signing.errors import MalformedError

VECTORS = Path(__file__).parents[1] / "vectors"
JCS = VECTORS / "jcs"
AUTHOR = sorted(path.name for path in (JCS / "input").iterdir())
ES6 = (JCS / "es6numbers-first-3000.txt").read_text().splitlines()
RANDOM_DOCUMENTS = [json.loads(line) for line in (JCS / "v8-random-docs.jsonl").read_text().splitlines()]
REFUSED = json.loads((JCS / "must-refuse.json").read_text())["texts"]
PARSING = [json.loads(line) for line in (VECTORS / "hostile" / "json-parsing.jsonl").read_text().splitlines()]
NAUGHTY = json.loads((VECTORS / "hostile" / "naughty-strings.json").read_text())


@pytest.mark.parametrize("name", AUTHOR)
def test_the_authors_documents_have_the_authors_bytes(name: str) -> None:
    given = (JCS / "input" / name).read_bytes()
    wanted = (JCS / "output" / name).read_bytes()
    assert canonicalize(parse(given, floats=True)) == wanted
    assert wanted == bytes.fromhex((JCS / "outhex" / name.replace(".json", ".txt")).read_text())


def test_every_es6_number_prints_as_ecmascript_does() -> None:
    for line in ES6:
        pattern, wanted = line.split(",")
        (number,) = struct.unpack(">d", bytes.fromhex(pattern.rjust(16, "0")))
        assert canonicalize(number).decode() == wanted, pattern


SEEDED = 2168  # lines of edge cases and series, before the sequence goes on by itself


def es6_sequence(count: int) -> Iterator[tuple[str, float]]:
    """The official sequence: the file's beginning, then doubles from a chain of SHA-256 of 32 zero bytes."""
    for line in ES6[:SEEDED]:
        pattern = line.split(",")[0]
        yield pattern, struct.unpack(">d", bytes.fromhex(pattern.rjust(16, "0")))[0]
    state, left = bytes(32), count - SEEDED
    while left > 0:
        state = hashlib.sha256(state).digest()
        for (bits,) in struct.iter_unpack("<Q", state):
            (number,) = struct.unpack("<d", struct.pack("<Q", bits))
            if math.isfinite(number) and left > 0:
                left -= 1
                yield f"{bits:x}", number


@pytest.mark.parametrize("count", [10_000, 100_000])
def test_the_published_digest_of_the_whole_number_sequence_is_reached(count: int) -> None:
    published = json.loads((JCS / "es6numbers-hashes.json").read_text())["sha256"][str(count)]
    digest = hashlib.sha256()
    for pattern, number in es6_sequence(count):
        digest.update(f"{pattern},".encode() + canonicalize(number) + b"\n")
    assert digest.hexdigest() == published


def test_every_es6_number_survives_being_read_back() -> None:
    for line in ES6:
        text = line.split(",")[1]
        assert canonicalize(parse(text.encode(), floats=True)).decode() == text


def test_the_number_file_is_the_published_one() -> None:
    published = json.loads((JCS / "es6numbers-hashes.json").read_text())["sha256"]["1000"]
    first = "".join(f"{line}\n" for line in ES6[:1000])
    assert hashlib.sha256(first.encode()).hexdigest() == published


@pytest.mark.parametrize("case", RANDOM_DOCUMENTS, ids=lambda case: str(case["i"]))
def test_random_documents_have_the_bytes_that_v8_prints(case: dict[str, Any]) -> None:
    given, wanted = base64.b64decode(case["input_b64"]), base64.b64decode(case["canon_b64"])
    assert canonicalize(parse(given, floats=True)) == wanted
    assert canonicalize(parse(wanted, floats=True)) == wanted


@pytest.mark.parametrize("text", REFUSED)
@pytest.mark.parametrize("floats", [False, True])
def test_what_i_json_refuses_is_refused(text: str, floats: bool) -> None:
    with pytest.raises(MalformedError):
        parse(text.encode("utf-8", "surrogatepass"), floats=floats)


@pytest.mark.parametrize("case", PARSING, ids=lambda case: case["name"])
def test_the_general_profile_agrees_with_the_parsing_suite(case: dict[str, Any]) -> None:
    data = zlib.decompress(base64.b64decode(case["zlib_b64"]))
    if case["expect"] == "accept" and not REPEATED_NAME.intersection({case["name"]}):
        value = parse(data, floats=True)
        assert canonicalize(parse(canonicalize(value), floats=True)) == canonicalize(value)
    elif case["expect"] == "either":
        with suppress(MalformedError):
            parse(data, floats=True)
    else:
        with pytest.raises(MalformedError):
            parse(data, floats=True)


# RFC 8259 lets these two be; RFC 7493 §2.3 does not: "Objects in I-JSON messages MUST NOT have members with
# duplicate names".
REPEATED_NAME = {"y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json"}


@pytest.mark.parametrize("profile", [parse, parse_statement])
@pytest.mark.parametrize("case", PARSING, ids=lambda case: case["name"])
def test_the_strict_profiles_raise_nothing_foreign(case: dict[str, Any], profile: Any) -> None:
    data = zlib.decompress(base64.b64decode(case["zlib_b64"]))
    try:
        value = profile(data)
    except MalformedError:
        return
    assert case["expect"] != "reject"
    assert parse(canonicalize(value)) == value


def test_naughty_strings_survive_or_are_refused() -> None:
    for text in NAUGHTY:
        canonical = canonicalize({"text": text, text: 1})
        assert parse(canonical) == {"text": text, text: 1} if text != "text" else True
