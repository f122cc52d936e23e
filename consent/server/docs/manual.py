"""The manual of the command line, taken from the parsers themselves."""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

from consent.cli.main import build_parser


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """One command as it is typed, and its whole help text."""

    command: str
    help: str


def verbs() -> list[Verb]:
    """Every command of `consent`, each before its sub-commands."""
    return list(_walk(build_parser()))


def _walk(parser: argparse.ArgumentParser) -> Iterator[Verb]:
    # A fixed width, so that the page does not depend on the terminal that started the server.
    parser.formatter_class = _Wide
    yield Verb(command=parser.prog, help=parser.format_help())
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for child in dict.fromkeys(action.choices.values()):
                yield from _walk(child)


class _Wide(argparse.RawDescriptionHelpFormatter):
    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=96)
