"""Signed notes, held against notes of C2SP, Go and sum.golang.org and broken ones made of them."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signing.errors import MalformedError, SignatureError, SigningError, UntrustedError
from signing.instants import parse_instant
from signing.keys import PrivateKey
from signing.note import Note, NoteSignature, NoteSigner, VerifierKey, parse_note, sign_note, verify_note
from signing.signer import LocalSigner

VECTORS = Path(__file__).parents[1] / "vectors" / "tlog"
KEY = PrivateKey(bytes(range(32)))
OTHER = PrivateKey(bytes(reversed(range(32))))


def _cases() -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = json.loads((VECTORS / "signed-notes.json").read_text())
    return cases


@pytest.mark.parametrize("case", _cases(), ids=lambda case: case["source"][-60:])
def test_notes_of_others(case: dict[str, Any]) -> None:
    key = VerifierKey.parse(case["vkey"])
    assert key.text == case["vkey"]
    data = case["note"].encode()
    if case["expect"] == "valid":
        note = parse_note(data)
        assert note.format() == data
        assert [each.key for each in verify_note(note, [key])] == [key]
    else:
        with pytest.raises(SigningError):
            verify_note(parse_note(data), [key])


def test_a_note_is_read_back_as_it_was_signed() -> None:
    signers = [NoteSigner(name="example.com/log", key=KEY), NoteSigner(name="ex.org/ä", key=OTHER)]
    data = sign_note("first\n\nafter a blank line\n", signers)
    note = parse_note(data)
    assert note.text == "first\n\nafter a blank line\n"
    assert note.format() == data
    assert [each.key.name for each in verify_note(note, [each.verifier for each in signers])] == [
        "example.com/log",
        "ex.org/ä",
    ]


def test_unknown_signatures_are_ignored_and_alone_are_not_enough() -> None:
    ours, theirs = NoteSigner(name="a", key=KEY), NoteSigner(name="a", key=OTHER)
    note = parse_note(sign_note("x\n", [theirs, ours]))
    assert [each.key for each in verify_note(note, [ours.verifier])] == [ours.verifier]
    with pytest.raises(UntrustedError, match="none of the 1 known keys"):
        verify_note(parse_note(sign_note("x\n", [theirs])), [ours.verifier])
    with pytest.raises(UntrustedError):
        verify_note(note, [])


def test_one_bad_signature_by_a_known_key_refuses_the_whole_note() -> None:
    ours, theirs = NoteSigner(name="a", key=KEY), NoteSigner(name="b", key=OTHER)
    good = parse_note(sign_note("x\n", [ours]))
    forged = NoteSignature(name="b", key_id=theirs.verifier.key_id, signature=ours.sign("x\n").signature)
    with pytest.raises(SignatureError, match="signature of b"):
        verify_note(good.with_signatures([forged]), [ours.verifier, theirs.verifier])
    twice = good.with_signatures(
        [NoteSignature(name="a", key_id=ours.verifier.key_id, signature=theirs.sign("x\n").signature)]
    )
    with pytest.raises(
        SignatureError, match="signature of a"
    ):  # also where an earlier line of the same key holds
        verify_note(twice, [ours.verifier])


def test_sixteen_signatures_are_read_and_repeated_ones_count_once() -> None:
    signers = [NoteSigner(name=f"w{number}", key=PrivateKey(bytes([number]) * 32)) for number in range(1, 41)]
    note = parse_note(sign_note("x\n", signers))
    assert len(verify_note(note, [each.verifier for each in signers])) == 40
    same = Note(text="x\n", signatures=note.signatures[:1] * 3)
    assert len(verify_note(parse_note(same.format()), [signers[0].verifier])) == 1
    many = b"x\n\n" + note.signatures[0].line.encode() * 1 + b"\n"
    with pytest.raises(MalformedError, match="101 signatures"):
        parse_note(b"x\n\n" + many.split(b"\n\n")[1] * 101)


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "a",
        "a+00000000+AQ==",
        "+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k\n",
        "example.com foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a+",
        "example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "\ud800+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
    ],
)
def test_verifier_keys_in_another_form_are_refused(vkey: str) -> None:
    with pytest.raises(MalformedError):
        VerifierKey.parse(vkey)


@pytest.mark.parametrize(
    "line",
    [
        "— a AAAAAA==",
        "— a AAAAAAB",
        "- a AAAAAAA=",
        "— AAAAAAA=",
        "— a  AAAAAAA=",
        "— a AAAAAAA= ",
        "—",
        "— a b c",
    ],
)
def test_lines_that_are_no_signature_are_refused(line: str) -> None:
    assert parse_note("x\n\n— a AAAAAAA=\n".encode())
    with pytest.raises(MalformedError):
        parse_note(f"x\n\n{line}\n".encode())


def test_a_note_has_bounds_and_no_control_characters() -> None:
    with pytest.raises(MalformedError, match="at most 1000000"):
        parse_note(b"x" * 1_000_001)
    with pytest.raises(MalformedError, match="not UTF-8 at byte 1"):
        parse_note(b"x\xff\n\n")
    for text in ("no newline", "tab\t\n", "nul\0\n", "\ud800\n", ""):
        with pytest.raises(MalformedError):
            sign_note(text, [NoteSigner(name="a", key=KEY)])
    with pytest.raises(MalformedError, match="0 signatures"):
        sign_note("x\n", [])


def test_only_a_log_key_signs_for_a_log() -> None:
    times = {
        "not_before": parse_instant("2026-01-01T00:00:00Z"),
        "not_after": parse_instant("2027-01-01T00:00:00Z"),
    }
    log = LocalSigner(private=KEY, role="log", **times)
    assert NoteSigner.for_log(log, origin="example.com/log").verifier.name == "example.com/log"
    with pytest.raises(UntrustedError, match="a status key does not sign checkpoints"):
        NoteSigner.for_log(LocalSigner(private=KEY, role="status", **times), origin="example.com/log")


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_make_anything_but_our_errors(data: bytes) -> None:
    for attempt in (data, b"x\n\n\xe2\x80\x94 " + data + b"\n", b"x\n\n" + data):
        with suppress(SigningError):
            assert parse_note(attempt).format() == attempt


@settings(deadline=None)
@given(st.text(max_size=60))
def test_no_text_makes_a_key_but_one_that_prints_alike(text: str) -> None:
    with suppress(SigningError):
        assert VerifierKey.parse(text).text == text
