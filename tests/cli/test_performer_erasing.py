"""`consent performer erase | erased`: told first, asked by word, sent once, and looked after without a key."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import Command
from tests.cli.test_performer import Performer
from tests.client.recorded_performer_side import ERASURE
from tests.client.recorded_registry import URL, problem


@pytest.fixture
def performer(tmp_path: Path) -> Performer:
    return Performer(tmp_path)


def _sent(performer: Performer) -> list[str]:
    return [request.url.removeprefix(URL) for request in performer.side.requests if request.method == "POST"]


def test_it_tells_what_happens_asks_for_the_word_and_says_when_it_is_complete(performer: Performer) -> None:
    command = performer.command(answers=["erase"])
    assert command.run("performer", "erase") == 0
    assert "1 consent ends at once" in command.err and "7 days later" in command.err
    assert command.asked == ["Erase everything about you, for good? Type erase to go on: "]
    for words in (ERASURE, "2027-03-01T12:00:00.400Z", "2027-03-08T12:00:00Z", f"{URL}/erased/{ERASURE}"):
        assert words in command.out
    assert "opens nothing here any more" in command.err and performer.key.exists()
    assert _sent(performer) == ["/v1/me/erasure"]


@pytest.mark.parametrize("answer", ["", "y", "yes", "no", "ERASE ME"])
def test_any_other_word_erases_nothing(performer: Performer, answer: str) -> None:
    command = performer.command(answers=[answer])
    assert command.run("performer", "erase") == 1
    assert "nothing was erased" in command.err and _sent(performer) == []


def test_a_script_must_say_yes(performer: Performer) -> None:
    assert performer.command(interactive=False).run("performer", "erase") == 2
    assert _sent(performer) == []
    command = performer.command(interactive=False)
    assert command.run("performer", "erase", "--yes", "--json") == 0
    assert json.loads(command.out)["id"] == ERASURE


def test_a_legal_hold_is_shown_without_its_control_characters_and_nothing_is_sent(
    performer: Performer,
) -> None:
    def hold(answer: dict[str, Any]) -> None:
        answer["holds"] = [
            {"id": "hld_a", "ground": "A court\x1b[2J decides", "until": "2027-04-01T00:00:00Z"}
        ]

    performer.side.bends["/v1/me/erasure"] = hold
    command = performer.command()
    assert command.run("performer", "erase", "--yes") == 1
    assert "until 2027-04-01" in command.err and "decides" in command.err and "\x1b" not in command.err
    assert "you can end every consent" in command.err and _sent(performer) == []


def test_a_lost_answer_is_not_sent_again_and_says_how_to_find_out(performer: Performer) -> None:
    asked = performer.side.send
    performer.side.send = lambda request: (  # type: ignore[method-assign]
        problem(503, "key_store_unavailable") if request.method == "POST" else asked(request)
    )
    command = performer.command()
    assert command.run("performer", "erase", "--yes") == 3
    assert "Whether it was begun is not known" in command.err and "consent performer status" in command.err


def test_a_refusal_is_told_in_the_registrys_words(performer: Performer) -> None:
    asked = performer.side.send
    performer.side.send = lambda request: (  # type: ignore[method-assign]
        problem(409, "on_legal_hold") if request.method == "POST" else asked(request)
    )
    command = performer.command()
    assert command.run("performer", "erase", "--yes") == 2
    assert "on_legal_hold" in command.err


def test_how_far_it_is_can_be_read_without_a_key(performer: Performer) -> None:
    performer.key.unlink()
    command = Command(performer.side, environ={"CONSENT_URL": URL})
    assert command.run("performer", "erased", ERASURE) == 0
    assert "erased" in command.out and "2027-03-08T12:00:00Z" in command.out
    performer.side.erasure |= {"state": "complete", "completed_at": "2027-03-08T12:01:00Z"}
    assert command.run("performer", "erased", ERASURE) == 0
    assert "2027-03-08T12:01:00Z" in command.out and "complete from" not in command.out
    assert command.run("performer", "erased", ERASURE, "--json") == 0
    assert json.loads(command.out)["state"] == "complete"
    assert command.run("performer", "erased", "era/../me") == 2
    performer.side.erasure |= {"state": "gone"}
    assert command.run("performer", "erased", ERASURE) == 3
