"""Somebody new on one machine, with one browser: does what the banner says, word for word."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.browser.conftest import Visit
from tests.browser.people import (
    approve,
    arrive,
    become_operator,
    choose,
    do,
    fill_in,
    go_and_wait,
    passkey_button,
    sign,
    somebody,
)
from tests.browser.place import Place
from tests.browser.visitor import DESKTOP


def test_one_browser_is_performer_and_operator_and_the_terminal_follows(visit: Visit, place: Place) -> None:
    banner = (place.folder / "up.log").read_text("utf-8")
    links = dict(re.findall(r"^ (\d) Be the \w+\s+(http\S+)", banner, flags=re.MULTILINE))
    command = re.search(r"source (\S+)\s+then: (consent check .+)$", banner, flags=re.MULTILINE)
    assert set(links) == {"1", "2"} and command is not None
    source, check = command.groups()

    here = visit(size=DESKTOP)
    person = somebody()
    here.go(links["1"])
    choose(here)
    do(here, "go")
    arrive(here, "/join")
    fill_in(here, person)
    passkey_button(here).click()
    arrive(here, "/join/safe")
    go_and_wait(here)
    assert terminal(place, source, check).returncode == 1

    tab = here.another_tab()
    become_operator(tab, links["2"])
    approve(tab, person)
    arrive(here, "/requests/off_.+")  # the page of step 1 goes on by itself
    sign(here)
    allowed = terminal(place, source, check)
    assert allowed.returncode == 0, allowed.stdout
    assert allowed.stdout.startswith("allow")

    here.go(f"{place.main}/home")
    here.page.get_by_role("link", name=re.compile("^End")).first.click()
    here.page.get_by_role("button", name=re.compile("^End consent")).first.click()
    here.page.get_by_text("may no longer").first.wait_for()
    denied = terminal(place, source, check)
    assert denied.returncode == 1
    assert denied.stdout.startswith("deny")
    assert re.search(r"\d+ ms", denied.stdout)


def terminal(place: Place, source: str, check: str) -> subprocess.CompletedProcess[str]:
    """What a second terminal in the same folder says."""
    return subprocess.run(
        ["/bin/bash", "-c", f"source {source} && {check}"],
        cwd=place.folder,
        env={"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(place.folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
