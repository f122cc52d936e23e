"""Status lists, held against the examples of the IETF draft."""

import json
import random
import zlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from signing import jws
from signing.canonical import parse
from signing.encoding import b64u
from signing.errors import MalformedError, SignatureError, UntrustedError
from signing.instants import parse_instant
from signing.keys import PrivateKey, PublicKey
from signing.status_list import (
    INVALID,
    OUR_ENTRIES,
    SUSPENDED,
    VALID,
    StatusList,
    read_list,
    read_status_list,
    sign_status_list,
    verify_status_list,
)

DOCUMENT: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "vectors" / "status" / "token-status-list.json").read_text()
)
KEY = PrivateKey(bytes(range(32)))
AT = parse_instant("2026-11-21T12:00:00Z")
URI = "https://example.com/status/1"


@pytest.mark.parametrize("case", DOCUMENT["short"].values(), ids=lambda case: case["lst"])
def test_the_short_lists_of_the_draft(case: dict[str, Any]) -> None:
    read = read_list({"bits": case["bits"], "lst": case["lst"]})
    assert read.array.hex() == case["bytes_hex"]
    assert [read.status(index) for index in range(len(read))] == case["statuses"]
    made = StatusList.of(dict(enumerate(case["statuses"])), bits=case["bits"], entries=len(case["statuses"]))
    assert made == read
    assert b64u(made.compressed()) == case["lst"]


@pytest.mark.parametrize("case", DOCUMENT["long"].values(), ids=lambda case: f"bits{case['bits']}")
def test_the_long_lists_of_the_draft(case: dict[str, Any]) -> None:
    read = read_list({"bits": case["bits"], "lst": case["lst"]})
    wanted = {int(index): status for index, status in case["nonzero_statuses"].items()}
    assert len(read) == case["size"]
    found = {index: read.status(index) for index in range(len(read)) if read.status(index)}
    assert len(found) == case["nonzero_count"]
    assert wanted.items() <= found.items()
    assert (
        read_list({"bits": case["bits"], "lst": b64u(StatusList.of(found, bits=case["bits"]).compressed())})
        == read
    )


def test_the_token_of_the_draft() -> None:
    parsed = jws.parse_compact(DOCUMENT["jwt"]["token"])
    jws.check_signature(parsed, key=PublicKey.from_jwk(DOCUMENT["jwt"]["jwk"]), algs=("ES256",))
    payload = parse(parsed.payload_bytes, max_bytes=10_000)
    assert isinstance(payload, dict)
    read = read_status_list(payload)
    assert (read.uri, read.ttl_s) == ("https://example.com/statuslists/1", 43200)
    assert read.statuses.array.hex() == "b9a3"


def test_our_list_is_read_back_with_every_status() -> None:
    chosen = random.Random(7).sample(range(OUR_ENTRIES), 2_000)
    statuses = {index: (INVALID, SUSPENDED)[index % 2] for index in chosen}
    token = sign_status_list(URI, StatusList.of(statuses), key=KEY, at=AT)
    read = verify_status_list(token, expected_uri=URI, key=KEY.public, at=AT + timedelta(minutes=14))
    assert (read.ttl_s, read.expires_at - read.issued_at) == (60, timedelta(minutes=15))
    assert len(read.statuses) == OUR_ENTRIES
    assert all(read.statuses.status(index) == status for index, status in statuses.items())
    assert sum(read.statuses.status(index) != VALID for index in range(0, OUR_ENTRIES, 7)) == sum(
        index % 7 == 0 for index in chosen
    )


def test_a_list_counts_for_its_address_and_time_and_key_only() -> None:
    token = sign_status_list(URI, StatusList.of({}), key=KEY, at=AT)
    for at in (AT + timedelta(minutes=15), AT - timedelta(seconds=61)):
        with pytest.raises(UntrustedError, match="list is good from"):
            verify_status_list(token, expected_uri=URI, key=KEY.public, at=at)
    with pytest.raises(UntrustedError, match="expected of"):
        verify_status_list(token, expected_uri=f"{URI}2", key=KEY.public, at=AT)
    with pytest.raises(UntrustedError):
        verify_status_list(token, expected_uri=URI, key=PrivateKey(bytes(32)).public, at=AT)
    head, _, tail = token.rpartition(".")
    with pytest.raises(SignatureError):
        verify_status_list(f"{head}.{b64u(bytes(64))}", expected_uri=URI, key=KEY.public, at=AT)
    assert tail


def test_a_place_that_the_list_has_not_is_never_valid() -> None:
    statuses = StatusList.of({}, bits=2, entries=8)
    for index in (-1, 8, 1 << 40):
        with pytest.raises(MalformedError, match="of 8"):
            statuses.status(index)


def test_a_bomb_is_not_unpacked_and_what_is_cut_off_or_followed_is_refused() -> None:
    bomb = zlib.compress(bytes(1 << 28), 9)
    with pytest.raises(MalformedError, match="list has 4194305 bytes"):
        read_list({"bits": 1, "lst": b64u(bomb)})
    good = zlib.compress(b"\xb9\xa3", 9)
    for packed in (good[:-1], good + b"\0", b"", b"\x78\x9c", bytes(20)):
        with pytest.raises(MalformedError):
            read_list({"bits": 1, "lst": b64u(packed)})
    for bits in (0, 3, 16, -1, True, "1"):
        with pytest.raises(MalformedError):
            read_list({"bits": bits, "lst": b64u(good)})
    for claim in ({}, None, {"bits": 1}, {"bits": 1, "lst": "="}, {"bits": 1, "lst": b64u(good), "more": 1}):
        with pytest.raises(MalformedError):
            read_list(claim)  # type: ignore[arg-type]


def test_statuses_that_do_not_fit_are_refused() -> None:
    for statuses in ({-1: 1}, {8: 1}, {0: 4}, {0: -1}):
        with pytest.raises(MalformedError):
            StatusList.of(statuses, bits=2, entries=8)


def test_a_payload_without_end_is_no_list_of_ours() -> None:
    payload = {"sub": URI, "iat": 1, "exp": 2, "status_list": {"bits": 1, "lst": "eNrbuRgAAhcBXQ"}}
    assert read_status_list(payload).ttl_s is None
    for name in payload:
        with pytest.raises(MalformedError, match=f"/{name}: missing"):
            read_status_list({key: value for key, value in payload.items() if key != name})
