"""Sealing: what opens where, and what nothing opens any more."""

import secrets
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.log.errors import (
    KeyMissingError,
    KeyStoreError,
    KeyStoreUnavailableError,
    RecordDestroyedError,
    SealError,
)
from consent.log.keystore_file import FileKeyStore
from consent.log.sealing import Sealer

SECRET = bytes(range(32))


@pytest.fixture(scope="module")
def sealer(tmp_path_factory: pytest.TempPathFactory) -> Sealer:
    store = FileKeyStore(tmp_path_factory.mktemp("keys"))
    return Sealer(key_store=store, key_secret=SECRET, random=secrets.token_bytes)


@given(plaintext=st.binary(max_size=200))
def test_what_was_sealed_opens(sealer: Sealer, plaintext: bytes) -> None:
    assert sealer.open("grt_a", sealer.seal("grt_a", plaintext, purpose="body"), purpose="body") == plaintext


def test_sealed_bytes_open_for_their_record_and_purpose_only(sealer: Sealer) -> None:
    sealed = sealer.seal("grt_a", b"words", purpose="body")
    sealer.seal("grt_b", b"", purpose="body")
    for record, purpose in [("grt_b", "body"), ("grt_a", "other"), ("grt_a", "bod")]:
        with pytest.raises(SealError):
            sealer.open(record, sealed, purpose=purpose)


def test_sealed_bytes_with_any_bit_flipped_or_any_byte_missing_do_not_open(sealer: Sealer) -> None:
    sealed = sealer.seal("grt_a", b"words", purpose="body")
    for index in range(len(sealed)):
        changed = bytearray(sealed)
        changed[index] ^= 1
        with pytest.raises(SealError):
            sealer.open("grt_a", bytes(changed), purpose="body")
        with pytest.raises(SealError):
            sealer.open("grt_a", sealed[:index], purpose="body")


def test_the_same_words_are_sealed_differently_each_time(sealer: Sealer) -> None:
    assert sealer.seal("grt_a", b"words", purpose="p") != sealer.seal("grt_a", b"words", purpose="p")


def test_a_record_that_never_sealed_has_nothing_to_open(sealer: Sealer) -> None:
    with pytest.raises(KeyMissingError):
        sealer.open("grt_none", sealer.seal("grt_a", b"", purpose="p"), purpose="p")


def test_a_destroyed_record_neither_opens_nor_seals(sealer: Sealer) -> None:
    sealed = sealer.seal("grt_end", b"words", purpose="p")
    sealer.destroy("grt_end")
    with pytest.raises(RecordDestroyedError):
        sealer.open("grt_end", sealed, purpose="p")
    with pytest.raises(RecordDestroyedError):
        sealer.seal("grt_end", b"more", purpose="p")


def test_the_store_alone_opens_nothing(tmp_path: Path) -> None:
    """The wrapped key is useless without the secret, and useless for another record."""
    store = FileKeyStore(tmp_path)
    sealed = Sealer(key_store=store, key_secret=SECRET, random=secrets.token_bytes).seal(
        "a", b"x", purpose="p"
    )
    with pytest.raises(SealError):
        Sealer(key_store=store, key_secret=bytes(32), random=secrets.token_bytes).open(
            "a", sealed, purpose="p"
        )
    store.create("b", store.read("a"))
    with pytest.raises(SealError):
        Sealer(key_store=store, key_secret=SECRET, random=secrets.token_bytes).open("b", sealed, purpose="p")


def test_another_secret_than_the_store_s_is_found_at_the_start(tmp_path: Path) -> None:
    store = FileKeyStore(tmp_path)
    Sealer(key_store=store, key_secret=SECRET, random=secrets.token_bytes).check_secret()
    Sealer(key_store=store, key_secret=SECRET, random=secrets.token_bytes).check_secret()
    with pytest.raises(KeyStoreUnavailableError, match="CONSENT_KEY_SECRET"):
        Sealer(key_store=store, key_secret=bytes(32), random=secrets.token_bytes).check_secret()


def test_a_short_secret_is_refused_and_none_is_printed(sealer: Sealer, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="31"):
        Sealer(key_store=FileKeyStore(tmp_path), key_secret=bytes(31), random=secrets.token_bytes)
    assert repr(sealer) == "Sealer()"


def test_a_purpose_or_record_that_could_blur_the_context_is_refused(sealer: Sealer) -> None:
    for purpose in ("", "a\x00b"):
        with pytest.raises(ValueError, match="purpose"):
            sealer.seal("grt_a", b"", purpose=purpose)
    with pytest.raises(KeyStoreError):
        sealer.seal("grt_a\x00", b"", purpose="p")


def test_the_key_is_kept_before_anything_is_sealed_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FileKeyStore(tmp_path)

    def fail(record: str, wrapped: bytes) -> bytes:
        raise KeyStoreUnavailableError("disk full")

    monkeypatch.setattr(store, "create", fail)
    with pytest.raises(KeyStoreUnavailableError):
        Sealer(key_store=store, key_secret=SECRET, random=secrets.token_bytes).seal("a", b"x", purpose="p")
