"""Every command of a runbook exists with the options that it is called with, and every page is found."""

import os
import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path

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
