"""The demo's parts that need no registry."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from consent.core.offers import check_offer
from consent.server.demo import command
from consent.server.demo.cast import Part, of_part, read_cast, rows_of
from consent.server.demo.expectation import DemoError
from consent.server.demo.licensees import AUDIOBOOKS, RESEARCH
from consent.server.demo.proofs import Evidence, verify_evidence
from consent.server.embedded.folder_lock import FolderLock
from signing.keys import PrivateKey
from signing.trust import Trust, TrustedKey, format_trust

AT = datetime(2026, 12, 1, tzinfo=UTC)


def test_every_speaker_of_the_real_manifest_has_a_part_and_every_part_is_played() -> None:
    cast = read_cast()
    assert len(cast) == 148
    assert rows_of(cast) == 2000
    assert {speaker.part for speaker in cast} == set(Part)
    assert read_cast() == cast


def test_strangers_are_asked_by_nobody_and_some_speakers_study_both_ways() -> None:
    cast = read_cast()
    assert all(speaker.studies is None for speaker in of_part(cast, Part.STRANGER))
    assert {Part.SIGNS, Part.ENDS} <= set(Counter(speaker.studies for speaker in cast))


@pytest.mark.parametrize("licensee", [AUDIOBOOKS, RESEARCH], ids=lambda each: each.name)
def test_what_the_licensees_offer_may_be_offered(licensee) -> None:
    assert check_offer(licensee.terms(AT), at=AT) == []


def test_evidence_that_does_not_verify_fails_the_demo_with_a_sentence(tmp_path: Path) -> None:
    trust = _trust_file(tmp_path)
    forged = tmp_path / "forged.receipt"
    forged.write_bytes(b"eyJhbGciOiJFZERTQSJ9.e30.AAAA\n")
    evidence = Evidence(receipts=[forged], packages=[], acknowledgements=[])
    with pytest.raises(DemoError, match="Expected true evidence to verify offline"):
        verify_evidence(evidence, trust_path=trust, at=AT)


def test_no_evidence_at_all_is_no_proof(tmp_path: Path) -> None:
    trust = _trust_file(tmp_path)
    with pytest.raises(DemoError, match="found none"):
        verify_evidence(Evidence(receipts=[], packages=[], acknowledgements=[]), trust_path=trust, at=AT)


def test_a_second_demo_in_the_same_folder_ends_with_one_sentence_and_touches_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "trust.json"
    kept.write_text("of the first demo")
    lock = FolderLock(tmp_path / "lock")
    lock.acquire()
    try:
        assert command.run(tmp_path) == 1
    finally:
        lock.release()
    assert "is in use" in capsys.readouterr().err
    assert kept.read_text() == "of the first demo"


def _trust_file(folder: Path) -> Path:
    """A trust file with one receipt key that signed nothing here."""
    key = TrustedKey(
        key=PrivateKey.generate().public,
        role="receipt",
        livemode=False,
        not_before=AT - timedelta(days=1),
        not_after=AT + timedelta(days=1),
    )
    path = folder / "trust.json"
    path.write_bytes(format_trust(Trust(issuers={False: "https://registry.example/test"}, keys=(key,))))
    return path
