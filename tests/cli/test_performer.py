"""`consent performer`: make a key, read, sign, end, by the command line alone."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from consent.client.performer.key_file import load_key_file
from consent.client.transport import HttpResponse
from tests.cli.command import Command
from tests.client.recorded_performer_side import GRANT, OFFER, RecordedPerformerSide
from tests.client.recorded_registry import URL, problem
from tests.signing import corpus_of_evidence
from tests.signing.samples import trust


class Performer:
    """One performer with a plain key file and the registry's side of things."""

    def __init__(self, folder: Path) -> None:
        self.key = folder / "performer.key"
        self.environ = {"CONSENT_URL": URL, "CONSENT_PERFORMER_KEY": str(self.key)}
        assert self.command().run("performer", "key", "--plain") == 0
        self.side = RecordedPerformerSide(key=load_key_file(self.key, passphrase=None))
        self.signed = folder / "performer.key.signed"

    def command(self, **options: Any) -> Command:
        return Command(getattr(self, "side", None), environ=self.environ, **options)


@pytest.fixture
def performer(tmp_path: Path) -> Performer:
    return Performer(tmp_path)


def test_a_key_is_made_once_and_then_named(tmp_path: Path) -> None:
    command = Command(environ={}, answers=["correct horse", "correct horse", "correct horse"])
    args = ("performer", "key", "--key", tmp_path / "k")
    assert command.run(*args) == 0
    first = command.out
    assert len(first.strip()) == 43
    command.answers = ["correct horse"]
    assert command.run(*args) == 0
    assert command.out == first
    command.answers = ["wrong horse"]
    assert command.run(*args) == 2
    assert "does not open" in command.err


def test_two_different_passphrases_make_no_key(tmp_path: Path) -> None:
    command = Command(environ={}, answers=["correct horse", "correct house"])
    assert command.run("performer", "key", "--key", tmp_path / "k") == 2
    assert list(tmp_path.iterdir()) == []


def test_a_passphrase_file_serves_scripts(tmp_path: Path) -> None:
    (tmp_path / "pass").write_text("correct horse\n")
    args = ("performer", "key", "--key", tmp_path / "k", "--passphrase-file", tmp_path / "pass")
    assert Command(environ={}, interactive=False).run(*args) == 0
    assert Command(environ={}, interactive=False).run("performer", "key", "--key", tmp_path / "k") == 2


def test_enrolling_and_status_show_the_account(performer: Performer) -> None:
    enrol = (
        "performer", "enrol", "--side", "test", "--stage-name", "Mo Star", "--legal-name", "Monika Stern",
        "--birth-date", "1990-01-01", "--email", "mo@performers.example",
    )  # fmt: skip
    command = performer.command()
    assert command.run(*enrol) == 0
    assert "Monika" not in command.out
    sent = json.loads(performer.side.requests[0].body or b"")
    assert sent["public_key"] == performer.side.key.public.to_jwk()
    assert command.run("performer", "status") == 0
    assert "waiting for an examiner's check" in command.out
    assert command.run("performer", "status", "--json") == 0
    assert json.loads(command.out)["stage_names"] == ["Mo Star"]


@pytest.mark.parametrize(
    "args",
    [
        ("accept", "7Q4K-ABCD"), ("offers",), ("read", OFFER), ("decline", OFFER), ("grants",),
        ("request-changes", OFFER, "shorter, please"), ("limits",),
        ("asked",),
    ],
)  # fmt: skip
def test_every_reading_verb_prints_words_and_json(performer: Performer, args: tuple[str, ...]) -> None:
    command = performer.command()
    assert command.run("performer", *args) == 0
    assert command.out.strip()
    assert command.run("performer", *args, "--json") == 0
    json.loads(command.out)


def test_reading_an_offer_shows_its_cards_and_what_it_would_allow(performer: Performer) -> None:
    command = performer.command()
    command.run("performer", "read", OFFER)
    for words in ("Northlight Audio GmbH", "three books aloud", "With this, they could:", "They could not:"):
        assert words in command.out


def test_signing_shows_the_text_asks_for_initials_and_yes_and_keeps_a_copy(performer: Performer) -> None:
    command = performer.command(answers=["MS", "yes"])
    assert command.run("performer", "sign", OFFER) == 0
    assert "Northlight Audio GmbH" in command.err
    assert [("l2" in prompt, "Sign" in prompt) for prompt in command.asked] == [(True, False), (False, True)]
    (envelope,) = performer.side.statements
    assert json.loads((performer.signed / f"{GRANT}.statement.json").read_text()) == envelope
    assert "Northlight" in (performer.signed / f"{GRANT}.text.md").read_text()
    assert f"consent performer end {GRANT}" in command.out


@pytest.mark.parametrize("answers", [["MS", "no"], ["MS", ""], ["", "yes"], ["MS", "y"]])
def test_anything_but_initials_and_yes_signs_nothing(performer: Performer, answers: list[str]) -> None:
    command = performer.command(answers=answers)
    assert command.run("performer", "sign", OFFER) == 1
    assert "nothing was signed" in command.err
    assert performer.side.statements == []
    assert not performer.signed.exists()


def test_a_script_must_say_yes_and_initial_each_line_that_needs_it(performer: Performer) -> None:
    command = performer.command(interactive=False)
    assert command.run("performer", "sign", OFFER) == 2
    assert command.run("performer", "sign", OFFER, "--yes") == 2
    assert "--initial l2" in command.err
    assert command.run("performer", "sign", OFFER, "--yes", "--initial", "l2") == 0
    assert len(performer.side.statements) == 1


def test_a_body_that_is_not_the_offer_is_refused_before_anybody_is_asked(performer: Performer) -> None:
    def widen(prepared: dict[str, Any]) -> None:
        prepared["body"]["lines"][0]["purposes"] = ["adult"]

    performer.side.bends[f"/v1/me/offers/{OFFER}/prepare"] = widen
    command = performer.command(answers=["MS", "yes"])
    assert command.run("performer", "sign", OFFER) == 1
    assert "lines: the offer that was read says" in command.err
    assert (command.asked, performer.side.statements) == ([], [])


def test_a_revocation_offered_for_signing_as_a_grant_is_refused(performer: Performer) -> None:
    def swap(prepared: dict[str, Any]) -> None:
        prepared["body"] = {
            "schema": "consent-registry/credential/v1", "id": "stm_test_one", "livemode": False,
        }  # fmt: skip

    performer.side.bends[f"/v1/me/offers/{OFFER}/prepare"] = swap
    assert performer.command(answers=["MS", "yes"]).run("performer", "sign", OFFER) == 1
    assert performer.side.statements == []


def test_a_language_that_the_offer_is_not_sent_in_says_which_are(performer: Performer) -> None:
    command = performer.command()
    assert command.run("performer", "sign", OFFER, "--language", "fr") == 2
    assert "expected one of the offer's languages, en" in command.err


def test_ending_prints_the_instant_and_the_milliseconds_and_keeps_the_acknowledgement(
    performer: Performer, tmp_path: Path
) -> None:
    performer.command(answers=["MS", "yes"]).run("performer", "sign", OFFER)
    command = performer.command(answers=["yes"])
    assert command.run("performer", "end", GRANT) == 0
    assert "enforced at  2027-03-01T12:00:00.400Z" in command.out
    assert " ms from your command" in command.out
    (acknowledgement,) = performer.signed.glob("*.acknowledgement")
    statement = acknowledgement.with_suffix(".statement.json")
    offline = Command(environ={}).trusting(performer.side.trust, tmp_path)
    assert offline.run("verify", "--allow-test", acknowledgement, "--statement", statement) == 0
    assert "2027-03-01T12:00:00.400Z" in offline.out
    other = performer.signed / f"{GRANT}.statement.json"
    assert offline.run("verify", "--allow-test", acknowledgement, "--statement", other) == 1


def test_an_acknowledgement_that_does_not_verify_is_not_taken_for_one(
    performer: Performer, tmp_path: Path
) -> None:
    stranger = RecordedPerformerSide()
    command = performer.command().trusting(performer.side.trust, tmp_path)
    assert command.run("performer", "pause", GRANT, "--yes") == 0
    performer.side.grant_sha256 = "0" * 64
    assert command.run("performer", "end", GRANT, "--yes") == 0
    command = performer.command().trusting(stranger.trust, tmp_path)
    assert command.run("performer", "end", GRANT, "--yes") == 3
    assert "acknowledgement does not verify" in command.err


def test_ending_names_the_grant_that_was_really_signed_whatever_the_registry_shows(
    performer: Performer,
) -> None:
    performer.command(answers=["MS", "yes"]).run("performer", "sign", OFFER)
    signed_sha256 = performer.side.grant_sha256
    performer.side.bends[f"/v1/me/grants/{GRANT}"] = lambda grant: grant.update(grant_sha256="9" * 64)
    assert performer.command().run("performer", "end", GRANT, "--yes") == 0
    assert performer.side.statements[-1]["body"]["grant_sha256"] == signed_sha256


def test_a_spoilt_copy_never_stands_in_the_way_of_an_ending(performer: Performer) -> None:
    performer.command(answers=["MS", "yes"]).run("performer", "sign", OFFER)
    (performer.signed / f"{GRANT}.statement.json").write_text("spoilt")
    assert performer.command().run("performer", "resume", GRANT, "--yes") == 2
    command = performer.command()
    assert command.run("performer", "end", GRANT, "--yes") == 0
    assert "is used instead" in command.err


def test_an_ending_that_cannot_be_filed_is_printed_all_the_same(performer: Performer) -> None:
    performer.signed.write_text("a file where the folder should be")
    command = performer.command()
    assert command.run("performer", "end", GRANT, "--yes") == 2
    assert "enforced at  2027-03-01T12:00:00.400Z" in command.out
    assert "cannot be written" in command.err


def test_an_ending_without_an_instant_of_enforcement_is_not_taken_for_done(performer: Performer) -> None:
    performer.side.bends["/v1/statements"] = lambda answer: answer.update(enforced_at=None)
    command = performer.command()
    assert command.run("performer", "end", GRANT, "--yes") == 3
    assert "does not say from when it is enforced" in command.err


@pytest.mark.parametrize("verb", ["end", "pause"])
def test_whoever_does_not_wait_reads_that_it_is_recorded_and_not_yet_enforced(
    performer: Performer, verb: str
) -> None:
    performer.command(answers=["MS", "yes"]).run("performer", "sign", OFFER)
    command = performer.command()
    assert command.run("performer", verb, GRANT, "--yes", "--no-wait") == 0
    assert "recorded at" in command.out
    assert "enforced at  not yet: checks may still allow for about a second" in command.out
    assert not list(performer.signed.glob("*.acknowledgement"))
    assert command.run("performer", verb, GRANT, "--yes", "--no-wait", "--json") == 0
    assert json.loads(command.out)["enforced_at"] is None


def test_pause_and_resume_are_signed_statements_of_their_own(performer: Performer) -> None:
    assert performer.command().run("performer", "pause", GRANT, "--yes") == 0
    assert performer.command(answers=["yes"]).run("performer", "resume", GRANT) == 0
    kinds = [each["body"]["schema"].split("/")[1] for each in performer.side.statements]
    assert kinds == ["suspension", "resumption"]
    assert performer.command(answers=["no"]).run("performer", "end", GRANT) == 1
    assert performer.command(interactive=False).run("performer", "end", GRANT) == 2
    assert len(performer.side.statements) == 2


def test_who_asked_is_told_by_day_company_and_answer(performer: Performer) -> None:
    command = performer.command()
    assert command.run("performer", "asked") == 0
    assert command.out.splitlines()[1].split() == ["2026-12-01", "Northlight", "Audio", "GmbH", "12", "3"]
    performer.side.bends["/v1/me/asked"] = lambda told: told.update(days=[])
    assert command.run("performer", "asked") == 0
    assert "nobody asked about you" in command.out


def test_limits_are_set_whole_and_cleared(performer: Performer) -> None:
    never = ("--never", "uses=edit.undress", "--never", "uses=infer.voice+infer.singing,purposes=political")
    command = performer.command()
    assert command.run("performer", "limits", *never, "--yes") == 0
    assert performer.side.statements[0]["body"]["never"] == [
        {"uses": ["edit.undress"]},
        {"purposes": ["political"], "uses": ["infer.singing", "infer.voice"]},
    ]
    assert command.run("performer", "limits", "--clear", "--yes") == 0
    assert "never" not in performer.side.statements[1]["body"]
    for broken in ("uses", "uses=", "=a", "uses=a,uses=b"):
        assert command.run("performer", "limits", "--never", broken, "--yes") == 2


def test_a_package_is_saved_as_it_came(performer: Performer, tmp_path: Path) -> None:
    out = tmp_path / "g.json"
    assert performer.command().run("performer", "package", GRANT, "--out", out) == 0
    assert json.loads(out.read_text()) == {"body": {}, "signatures": []}


def test_without_a_key_every_verb_says_how_to_make_one(tmp_path: Path) -> None:
    command = Command(RecordedPerformerSide(), environ={"CONSENT_URL": URL})
    assert command.run("performer", "status", "--key", tmp_path / "none") == 2
    assert "consent performer key" in command.err


def test_an_unavailable_registry_exits_with_3(performer: Performer) -> None:
    performer.side.pages["/v1/statements"] = problem(503, "commit_unknown")
    assert performer.command().run("performer", "end", GRANT, "--yes") == 3


def test_hostile_words_of_an_offer_cannot_move_the_cursor(performer: Performer) -> None:
    performer.side.terms["lines"][0]["description"]["en"] = "\x1b[2Jall is well\r" + "x" * 200
    command = performer.command()
    command.run("performer", "read", OFFER)
    assert "\x1b" not in command.out
    assert "\r" not in command.out


def test_evidence_of_a_consent_is_verified_and_saved(performer: Performer, tmp_path: Path) -> None:
    good = corpus_of_evidence.answer()
    first = good.questions[0]
    asked = {name: value for name, value in first.asked.items() if name != "performer"}
    of_grant = replace(first, asked={**asked, "grant": corpus_of_evidence.GRANT})
    bundle = corpus_of_evidence.bundle(corpus_of_evidence.answer(questions=(of_grant,)))
    performer.side.pages["/v1/me/evidence"] = HttpResponse(
        status=200, headers={"content-type": "application/zip"}, body=bundle
    )
    out = tmp_path / "evidence.zip"
    command = performer.command().trusting(trust(), tmp_path)
    ask = ("performer", "evidence", corpus_of_evidence.GRANT, "--out", out)
    assert command.run(*ask) == 0, command.err
    assert out.read_bytes() == bundle and "creation then       allow" in command.out
    assert json.loads(performer.side.requests[-1].body or b"") == {"grant": corpus_of_evidence.GRANT}
    del performer.environ["CONSENT_TRUST"]
    assert performer.command().run(*ask, "--replace") == 2  # without a trust file nothing is believed
