"""The help is complete: every verb says what it does, every option what it is for, and 80 columns hold it."""

import argparse
from collections.abc import Iterator

import pytest

from consent.cli.main import build_parser
from consent.client.asking import MEMBERS
from consent.client.question import Question
from consent.core.wire.check import CheckFields
from tests.cli.command import Command


def parsers(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """The parser and all below it."""
    yield parser
    for action in parser._actions:  # argparse has no other way to walk its verbs
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                yield from parsers(below)


ALL = {parser.prog: parser for parser in parsers(build_parser())}


def test_the_verbs_are_those_of_the_design() -> None:
    assert {
        "consent check",
        "consent scan",
        "consent verify",
        "consent receipt proof",
        "consent evidence",
        "consent trust fetch",
        "consent trust show",
        "consent log fsck",
        "consent log watch",
        "consent log proof",
        "consent log verify",
        "consent witness init",
        "consent witness serve",
    } < set(ALL)
    performer = {prog.rpartition(" ")[2] for prog in ALL if prog.startswith("consent performer ")}
    assert performer == {
        "key", "enrol", "status", "accept", "offers", "read", "sign", "decline", "request-changes", "end",
        "pause", "resume", "grants", "package", "evidence", "limits", "asked",
        "erase", "erased",
    }  # fmt: skip


@pytest.mark.parametrize("prog", sorted(ALL))
def test_every_verb_describes_itself_and_every_option(prog: str) -> None:
    parser = ALL[prog]
    assert parser.description
    assert parser.description.endswith(".")
    for action in parser._actions:
        assert action.help or isinstance(action, argparse._SubParsersAction), action.dest


@pytest.mark.parametrize("prog", sorted(ALL))
def test_help_exits_with_0_and_prints(prog: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        Command().run(*prog.split()[1:], "--help")
    assert done.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: {prog} ")


@pytest.mark.parametrize(
    "args", [(), ("nonsense",), ("check", "--colour", "red"), ("trust",), ("performer",)]
)
def test_a_wrong_command_line_exits_with_2(args: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        Command().run(*args)
    assert done.value.code == 2
    assert "usage: consent" in capsys.readouterr().err


def test_every_member_of_a_question_can_be_asked_by_option_and_by_keyword() -> None:
    manner = {"at_least", "receipt", "nonce", "explain"}
    assert set(MEMBERS) == set(CheckFields.__struct_fields__) - manner
    assert set(Question.__annotations__) == set(MEMBERS)
