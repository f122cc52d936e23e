"""Checkpoints and cosignatures, held against those of a real log, of sum.golang.org, of Rekor and of C2SP."""

import base64
import json
from pathlib import Path

import pytest

from signing import mldsa44
from signing.checkpoint import Checkpoint, parse_checkpoint
from signing.cosignature import cosign, cosigner_key, verify_cosignature
from signing.errors import MalformedError, SignatureError, SigningError, UntrustedError
from signing.keys import PrivateKey
from signing.merkle import EMPTY_ROOT, leaf_hash, verify_inclusion
from signing.note import NoteSignature, NoteSigner, VerifierKey, parse_note
from signing.signed_checkpoint import sign_checkpoint, verify_checkpoint
from signing.verifier_key import COSIGNATURE_MLDSA44

VECTORS = Path(__file__).parents[1] / "vectors" / "tlog"
LOG = NoteSigner(name="example.com/log", key=PrivateKey(bytes(range(32))))
WITNESS = PrivateKey(bytes(range(1, 33)))
HEAD = Checkpoint(origin="example.com/log", size=3, root=leaf_hash(b"x"))


def test_checkpoints_of_a_real_log() -> None:
    meta = json.loads((VECTORS / "tessera-log.meta.json").read_text())
    log = VerifierKey.parse(meta["vkey"])
    for size in range(meta["tree_size"] + 1):
        data = (VECTORS / "tessera-log" / f"checkpoint.{size}").read_bytes()
        signed = verify_checkpoint(data, expected_log=log)
        assert (signed.checkpoint.size, signed.checkpoint.text()) == (size, signed.note.text)
        assert signed.note.format() == data


def test_checkpoints_of_rekor() -> None:
    entries = json.loads((VECTORS / "rekor-entries.json").read_text())["entries"]
    for entry in entries.values():
        text = parse_note(entry["checkpoint"].encode()).text
        assert parse_checkpoint(text).text() == text


def test_a_checkpoint_is_signed_and_read_back() -> None:
    data = sign_checkpoint(HEAD, LOG)
    assert verify_checkpoint(data, expected_log=LOG.verifier).checkpoint == HEAD
    with pytest.raises(UntrustedError, match="does not sign a checkpoint of"):
        sign_checkpoint(HEAD, NoteSigner(name="example.org/other", key=LOG.key))


def test_a_checkpoint_of_another_origin_is_refused_though_the_key_is_the_same() -> None:
    other = NoteSigner(name="example.org/other", key=LOG.key)
    text = HEAD.text()
    data = parse_note(sign_checkpoint(HEAD, LOG)).with_signatures([other.sign(text)]).format()
    with pytest.raises(UntrustedError, match=r"expected of 'example\.org/other'"):
        verify_checkpoint(data, expected_log=other.verifier)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "o\n3\n",
        "o\n3\nAAAA\n",
        "o\n03\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "o\n+3\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "o\n-3\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "o\n٣\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "o\n9223372036854775808\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "o\n3\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU\n",
        "o\n3\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=\n",
        "o\n3\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        "o\n3\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n",
        "o\n3\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\next\n",
        "\n3\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "o\r\n3\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "o\n0\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        "\ud800\n3\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
    ],
)
def test_checkpoints_in_another_form_are_refused(text: str) -> None:
    with pytest.raises(MalformedError):
        parse_checkpoint(text)


def test_extension_lines_are_kept_and_signed() -> None:
    head = Checkpoint(origin="o", size=0, root=EMPTY_ROOT, extensions=("one", "two  lines"))
    assert parse_checkpoint(head.text()) == head


def test_a_cosignature_says_when_and_holds_for_one_text_and_key_only() -> None:
    text, key = HEAD.text(), cosigner_key("w.example/1", WITNESS)
    signature = cosign(text, name="w.example/1", key=WITNESS, time=1_700_000_000)
    assert verify_cosignature(text, signature.signature, key=key) == 1_700_000_000
    later = (1_700_000_001).to_bytes(8, "big") + signature.signature[8:]
    grown = Checkpoint(origin=HEAD.origin, size=4, root=HEAD.root).text()
    for broken_text, broken in (
        (text, later),
        (grown, signature.signature),
        (text, signature.signature[:-1]),
    ):
        with pytest.raises(SignatureError):
            verify_cosignature(broken_text, broken, key=key)
    with pytest.raises(SignatureError, match="expected at most"):
        verify_cosignature(text, bytes([0x80]) + signature.signature[1:], key=key)
    with pytest.raises(MalformedError):
        cosign("no checkpoint\n", name="w", key=WITNESS, time=1)


def test_a_log_key_is_no_witness_and_a_witness_no_log() -> None:
    signed = parse_note(sign_checkpoint(HEAD, LOG))
    cosignature = cosign(HEAD.text(), name=LOG.name, key=LOG.key, time=7)
    as_witness = cosigner_key(LOG.name, LOG.key)
    read = verify_checkpoint(
        signed.with_signatures([cosignature]).format(), expected_log=LOG.verifier, witnesses=[as_witness]
    )
    assert [(each.key, each.time) for each in read.cosignatures] == [(as_witness, 7)]
    with pytest.raises(MalformedError, match="is a witness's, not a log's"):
        verify_checkpoint(signed.with_signatures([cosignature]).format(), expected_log=as_witness)
    only = parse_note(b"".join((HEAD.text().encode(), b"\n", cosignature.line.encode(), b"\n"))).format()
    with pytest.raises(UntrustedError, match="is not signed by the log"):
        verify_checkpoint(only, expected_log=LOG.verifier, witnesses=[as_witness])


def test_the_cosignature_of_the_specification_is_the_message_it_shows() -> None:
    """tlog-cosignature prints a line with a made-up signature: only its time and its length can be held against it."""
    line = (
        "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZ"
        "qhf5nNo0xUe+mbIUBkBIfZ+qnA=="
    )
    signature = NoteSignature.parse(line)
    assert signature.line == line
    assert (len(signature.signature), int.from_bytes(signature.signature[:8], "big")) == (72, 1679315147)


@pytest.mark.skipif(not mldsa44.is_supported(), reason="cryptography without ML-DSA")
def test_an_mldsa_cosignature_is_over_the_bytes_that_the_specification_lays_out() -> None:
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

    private = MLDSA44PrivateKey.from_seed_bytes(bytes(32))
    key = VerifierKey(
        name="w.example/pq", algorithm=COSIGNATURE_MLDSA44, public=private.public_key().public_bytes_raw()
    )
    assert VerifierKey.parse(key.text) == key
    message = b"".join(
        (
            b"subtree/v1\n\0",
            b"\x0cw.example/pq",
            bytes([0, 0, 0, 0, 0, 0, 0, 7]),
            b"\x0fexample.com/log",
            bytes(8),
            bytes([0, 0, 0, 0, 0, 0, 0, 3]),
            HEAD.root,
        )
    )
    signature = bytes([0, 0, 0, 0, 0, 0, 0, 7]) + private.sign(message)
    assert verify_cosignature(HEAD.text(), signature, key=key) == 7
    extended = Checkpoint(origin=HEAD.origin, size=3, root=HEAD.root, extensions=("not signed",)).text()
    assert verify_cosignature(extended, signature, key=key) == 7
    with pytest.raises(SigningError):
        verify_cosignature(HEAD.text(), signature[:-1], key=key)
    with pytest.raises(SigningError):
        verify_cosignature(HEAD.text(), bytes(8) + signature[8:], key=key)


def test_where_mldsa_cannot_be_checked_its_keys_are_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mldsa44, "_mldsa", None)
    key = VerifierKey(name="w.example/pq", algorithm=COSIGNATURE_MLDSA44, public=bytes(1312))
    line = NoteSignature(name=key.name, key_id=key.key_id, signature=bytes(2428))
    note = parse_note(sign_checkpoint(HEAD, LOG)).with_signatures([line]).format()
    assert verify_checkpoint(note, expected_log=LOG.verifier, witnesses=[key]).cosignatures == ()
    with pytest.raises(UntrustedError, match="cannot be checked here"):
        verify_cosignature(HEAD.text(), line.signature, key=key)


def test_rekor_v2_signs_with_ed25519_notes() -> None:
    document = json.loads((VECTORS / "rekor-entries.json").read_text())
    checked = 0
    for entry in document["entries"].values():
        note = parse_note(entry["checkpoint"].encode())
        for known in document["keys"].values():
            if known["alg"] != "PKIX_ED25519":
                continue
            raw = base64.b64decode(known["spki_b64"])[-32:]
            key = VerifierKey(name=note.signatures[0].name, algorithm=1, public=raw)
            if any(each.is_by(key) for each in note.signatures):
                verify_checkpoint(entry["checkpoint"].encode(), expected_log=key)
                checked += 1
    assert checked


def test_entries_of_rekor_are_in_their_logs() -> None:
    for entry in json.loads((VECTORS / "rekor-entries.json").read_text())["entries"].values():
        head = parse_checkpoint(parse_note(entry["checkpoint"].encode()).text)
        proven = {
            "index": int(entry["index"]),
            "size": int(entry["tree_size"]),
            "leaf": leaf_hash(base64.b64decode(entry["leaf_b64"])),
            "proof": [base64.b64decode(each) for each in entry["hashes_b64"]],
        }
        assert (head.size, head.root) == (proven["size"], base64.b64decode(entry["root_b64"]))
        verify_inclusion(**proven, root=head.root)
        with pytest.raises(SigningError):
            verify_inclusion(**{**proven, "leaf": leaf_hash(b"")}, root=head.root)
