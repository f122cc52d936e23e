"""Key files and signed copies: for their owner alone, written whole, read strictly."""

import json
import stat
from pathlib import Path

import pytest

from consent.client.errors import ConfigurationError
from consent.client.files import read_bounded, write_whole
from consent.client.performer.key_file import create_key_file, load_key_file, needs_passphrase
from consent.client.performer.papers import Papers
from signing.canonical import JSON, canonicalize, sha256_hex

PASSPHRASE = "correct horse battery"


def test_an_encrypted_key_opens_with_its_passphrase_only(tmp_path: Path) -> None:
    path = tmp_path / "k"
    key = create_key_file(path, passphrase=PASSPHRASE)
    assert needs_passphrase(path)
    assert load_key_file(path, passphrase=PASSPHRASE) == key
    for wrong in ("another one", ""):
        with pytest.raises(ConfigurationError):
            load_key_file(path, passphrase=wrong)
    with pytest.raises(ConfigurationError, match="expected its passphrase"):
        load_key_file(path, passphrase=None)
    assert key.export_seed() not in path.read_bytes()


def test_a_plain_key_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "k"
    key = create_key_file(path, passphrase=None)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not needs_passphrase(path)
    assert load_key_file(path, passphrase=None) == key
    path.chmod(0o644)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        load_key_file(path, passphrase=None)


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "k"
    create_key_file(path, passphrase=None)
    before = path.read_bytes()
    with pytest.raises(ConfigurationError, match="exists already"):
        create_key_file(path, passphrase=None)
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["k"]


def test_a_short_passphrase_makes_no_key(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="at least 8"):
        create_key_file(tmp_path / "k", passphrase="short")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b"{" * 3000,
        b"x" * 5000,
        b'{"schema": "consent-registry/plain-key/v1"}',
        b'{"schema": "consent-registry/plain-key/v1", "jwk": {}, "seed": "AAAA"}',
        b'{"schema": "consent-registry/plain-key/v1", "jwk": {}, "seed": "' + b"A" * 43 + b'"}',
        b'{"schema": "consent-registry/key/v1", "scrypt_n": 99999999}',
    ],
)
def test_what_is_no_key_file_is_a_readable_error(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "k"
    path.write_bytes(data)
    path.chmod(0o600)
    with pytest.raises(ConfigurationError):
        load_key_file(path, passphrase=PASSPHRASE)


def test_a_plain_key_that_names_another_public_key_is_refused(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    create_key_file(one, passphrase=None)
    create_key_file(two, passphrase=None)
    mixed = json.loads(one.read_bytes()) | {"jwk": json.loads(two.read_bytes())["jwk"]}
    one.write_text(json.dumps(mixed))
    with pytest.raises(ConfigurationError, match="another public key"):
        load_key_file(one, passphrase=None)


def test_signed_copies_give_back_the_digest_of_what_was_signed(tmp_path: Path) -> None:
    papers = Papers(tmp_path / "k")
    body: dict[str, JSON] = {"id": "grt_test_one", "a": 1}
    path = papers.keep_statement("grt_test_one", {"body": body, "signatures": []}, text="words")
    assert papers.grant_sha256("grt_test_one") == sha256_hex(canonicalize(body))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (tmp_path / "k.signed" / "grt_test_one.text.md").read_text() == "words"
    assert papers.grant_sha256("grt_test_two") is None
    assert papers.grant_sha256("../k") is None


@pytest.mark.parametrize("data", [b"x", b"[]", b"{}", b'{"body": 1}', b'{"body": {"id": "grt_test_two"}}'])
def test_a_spoilt_signed_copy_is_a_readable_error(tmp_path: Path, data: bytes) -> None:
    papers = Papers(tmp_path / "k")
    papers.folder.mkdir()
    (papers.folder / "grt_test_one.statement.json").write_bytes(data)
    with pytest.raises(ConfigurationError):
        papers.grant_sha256("grt_test_one")


def test_files_are_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b"
    write_whole(path, b"one")
    write_whole(path, b"two")
    assert path.read_bytes() == b"two"
    assert [each.name for each in path.parent.iterdir()] == ["b"]
    with pytest.raises(ConfigurationError, match="cannot be written"):
        write_whole(path / "c", b"x")


@pytest.mark.parametrize("name", ["none", ".", "a\0b"])
def test_a_file_that_cannot_be_read_says_what_was_expected(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match="expected a thing at"):
        read_bounded(tmp_path / name, max_bytes=10, what="a thing")
