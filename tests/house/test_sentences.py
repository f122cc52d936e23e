"""Every sentence that promises something of checks has tests, and they are there (tests/check/sentences.toml)."""

import ast
import tomllib
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
ROOMS = tomllib.loads((TESTS / "check" / "sentences.toml").read_text("utf-8"))


@cache
def _tests_of(path: str) -> frozenset[str]:
    tree = ast.parse((TESTS / path).read_text("utf-8"))
    return frozenset(
        each.name
        for each in tree.body
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and each.name.startswith("test_")
    )


@pytest.mark.parametrize(
    ("sentence", "names"),
    [(sentence, names) for room in ROOMS.values() for sentence, names in room.items()],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_sentence_names_tests_that_exist(sentence: str, names: list[str]) -> None:
    assert names, f"no test holds: {sentence}"
    for name in names:
        path, _, test = name.partition("::")
        assert (TESTS / path).is_file(), f"{path} is not there"
        assert test in _tests_of(path), f"{path} has no {test}"
