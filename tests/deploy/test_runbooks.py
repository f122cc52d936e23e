"""Every command of a runbook exists with the options that it is called with, and every page is found."""

import argparse
import importlib
import os
import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from consent.server.commands.dispatch import COMMANDS
from consent.server.settings.names import NAMES

TOP = Path(__file__).parents[2]
RUNBOOKS = TOP / "deploy" / "runbooks"
PAGES = sorted(path for path in RUNBOOKS.glob("*.md") if path.name != "README.md")
MENTION = re.compile(r"consent-server [^`\n]+")


def _calls() -> list[tuple[str, str]]:
    """Each call of consent-server, in a block or within a line, with its page."""
    found = []
    for page in (*PAGES, TOP / "templates" / "docs" / "backups.md"):
        text = re.sub(r"\s*\n\s*", " ", page.read_text()) if page.name == "backups.md" else page.read_text()
        found += [(page.name, call.strip()) for call in MENTION.findall(text)]
    return sorted(set(found))


@cache
def _help(*words: str) -> str:
    """What `consent-server words… --help` prints, without any setting."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CONSENT_")}
    done = subprocess.run(
        [sys.executable, "-m", "consent.server", *words, "--help"],
        cwd=TOP,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, (words, done.stderr)
    return done.stdout


class _ParsedError(Exception):
    """The call was understood; nothing of it is run."""


@pytest.mark.parametrize(("page", "call"), _calls())
def test_a_call_of_a_runbook_is_understood_with_its_values(
    page: str, call: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    understood = argparse.ArgumentParser.parse_args

    def stop_there(parser: argparse.ArgumentParser, *args: Any, **kwargs: Any) -> None:
        understood(parser, *args, **kwargs)
        raise _ParsedError

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", stop_there)
    command, *words = shlex.split(call)[1:]
    module = importlib.import_module(f"consent.server.commands.{COMMANDS[command].module}")
    try:
        module.run(words)
    except _ParsedError:
        return
    except SystemExit as ended:
        assert ended.code == 0, (page, call, capsys.readouterr().err)  # --help
        return
    pytest.fail(f"{call} was not parsed")


def test_every_program_of_a_runbook_is_one_that_is_checked() -> None:
    """What is neither ours nor looked at here would be copied into a shell on a bad day, unread."""
    for page in PAGES:
        for block in re.findall(r"```sh\n(.*?)```", page.read_text(), flags=re.DOTALL):
            for line in filter(str.strip, block.splitlines()):
                words = shlex.split(line)
                if words[0] == "systemctl":
                    assert (TOP / "deploy" / "systemd" / words[-1]).exists(), line
                elif words[0] == "python3":
                    assert words[1] == "-c" and compile(words[2], page.name, "exec")
                else:
                    assert words[0] in ("consent-server", "install"), line


def test_every_unit_that_a_page_names_exists() -> None:
    units = {path.name for path in (TOP / "deploy" / "systemd").iterdir()}
    for page in (
        *PAGES,
        TOP / "templates" / "docs" / "metrics.md",
        TOP / "templates" / "docs" / "backups.md",
    ):
        named = set(re.findall(r"consent-[a-z]+\.(?:service|timer)", page.read_text()))
        assert named <= units, page.name


@pytest.mark.parametrize(("page", "call"), _calls())
def test_a_command_of_a_runbook_exists_as_it_is_called(page: str, call: str) -> None:
    words = shlex.split(call)[1:]
    assert words[0] in COMMANDS, page
    said, known = _help(words[0]), [words[0]]
    # A word without dashes right behind is a verb; what follows an option is its value.
    if len(words) > 1 and not words[1].startswith("-"):
        known.append(words[1])
        said = _help(*known)
    for option in (word for word in words[len(known) :] if word.startswith("--")):
        assert re.search(rf"{option}\b", said), (page, call, option)


def test_the_list_of_runbooks_names_every_page_and_no_other() -> None:
    linked = re.findall(r"\]\(([a-z-]+\.md)\)", (RUNBOOKS / "README.md").read_text())
    assert sorted(linked) == [page.name for page in PAGES]


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_links_and_settings_of_a_runbook_exist_and_it_is_short(page: Path) -> None:
    text = page.read_text()
    for link in re.findall(r"\]\(([a-z-]+\.md)\)", text):
        assert (RUNBOOKS / link).exists(), link
    for name in re.findall(r"CONSENT_[A-Z_]+", text):
        assert name in NAMES or name.removesuffix("_FILE") in NAMES, name
    assert len(text.splitlines()) <= 80


def test_every_make_target_that_a_runbook_names_exists() -> None:
    targets = re.findall(r"^([a-z-]+):", (TOP / "Makefile").read_text(), flags=re.MULTILINE)
    for page in PAGES:
        assert set(re.findall(r"`make ([a-z-]+)`", page.read_text())) <= set(targets), page.name
