"""Position tokens: opaque, authenticated, of one side, and never believed beyond the history."""

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.log.errors import PositionConflictError, PositionInvalidError
from consent.log.position import Head, Position, PositionCodec, require_reached

CODEC = PositionCodec(bytes(range(64)))
positions = st.builds(
    Position,
    livemode=st.booleans(),
    seq=st.integers(0, 2**63 - 1),
    chain=st.binary(min_size=32, max_size=32),
)


def _head(seq: int, chain: bytes = b"h" * 32, *, livemode: bool = True) -> Head:
    return Head(
        livemode=livemode,
        seq=seq,
        chain=chain,
        l_node_ms=300,
        l_wait_ms=300,
        database_id="d",
        key_store_id="k",
        read_at=datetime(2026, 12, 2, tzinfo=UTC),
    )


@given(positions)
def test_a_token_gives_its_position_back(position: Position) -> None:
    token = CODEC.encode(position)
    assert token.startswith("ct_")
    assert CODEC.decode(token, expected_livemode=position.livemode) == position
    assert CODEC.encode(position) == token


@given(positions)
def test_a_token_never_opens_on_the_other_side(position: Position) -> None:
    with pytest.raises(PositionInvalidError):
        CODEC.decode(CODEC.encode(position), expected_livemode=not position.livemode)


@given(positions, st.integers(0, 78), st.characters(codec="ascii"))
def test_a_token_with_one_character_changed_is_refused(position: Position, index: int, other: str) -> None:
    token = CODEC.encode(position)
    changed = token[:index] + other + token[index + 1 :]
    if changed != token:
        with pytest.raises(PositionInvalidError):
            CODEC.decode(changed, expected_livemode=position.livemode)


@pytest.mark.parametrize(
    "token",
    ["", "ct_", "ct_" + "A" * 76, "ct_" + "A" * 75, "ct_" + "=" * 76, "ct_" + "é" * 76, "xx_" + "A" * 76],
)
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(PositionInvalidError):
        CODEC.decode(token, expected_livemode=True)


def test_a_token_of_another_registry_is_refused() -> None:
    token = PositionCodec(bytes(64)).encode(Position(livemode=True, seq=1, chain=bytes(32)))
    with pytest.raises(PositionInvalidError):
        CODEC.decode(token, expected_livemode=True)


def test_a_token_of_another_version_is_refused() -> None:
    sealed = CODEC._siv.encrypt(b"\x02" + bytes(40), [b"consent-registry/position/v1\x00live"])
    with pytest.raises(PositionInvalidError, match="version"):
        CODEC.decode("ct_" + base64.urlsafe_b64encode(sealed).decode(), expected_livemode=True)


def test_a_token_shows_neither_seq_nor_chain() -> None:
    token = CODEC.encode(Position(livemode=True, seq=0x4141414141414141, chain=b"A" * 32))
    assert b"AAAA" not in base64.urlsafe_b64decode(token[3:])


def test_a_codec_does_not_print_its_key_and_wants_a_whole_one() -> None:
    assert repr(CODEC) == "PositionCodec()"
    with pytest.raises(ValueError, match="64"):
        PositionCodec(bytes(32))


def test_a_position_on_the_history_is_accepted() -> None:
    require_reached(Position(livemode=True, seq=5, chain=b"x" * 32), _head(9), chain_at_position=b"x" * 32)
    require_reached(_head(9).position, _head(9), chain_at_position=b"h" * 32)


@pytest.mark.parametrize(
    ("position", "found"),
    [
        (Position(livemode=True, seq=10, chain=b"h" * 32), None),
        (Position(livemode=True, seq=10, chain=b"h" * 32), b"h" * 32),
        (Position(livemode=True, seq=5, chain=b"x" * 32), b"y" * 32),
        (Position(livemode=True, seq=5, chain=b"x" * 32), None),
        (Position(livemode=False, seq=5, chain=b"x" * 32), b"x" * 32),
    ],
    ids=["ahead", "ahead with a chain", "another chain", "no such event", "other side"],
)
def test_a_position_ahead_of_or_beside_the_history_is_a_conflict(
    position: Position, found: bytes | None
) -> None:
    with pytest.raises(PositionConflictError):
        require_reached(position, _head(9), chain_at_position=found)
