"""What the terminal says when the registry is ready, word for word."""

from pathlib import Path, PurePosixPath, PureWindowsPath
from types import SimpleNamespace
from typing import Any

import pytest

from consent.server.laptop.banner import banner
from consent.server.laptop.client_env import client_env

URL, LINK = "http://localhost:8000", "a-one-use-token"
WHOLE = """\
Consent registry 0.1 is ready: http://localhost:8000      (data: ./.state, stop: Ctrl-C, remove: make clean)
 1 Be the performer   http://localhost:8000/i/7Q4K-M2TX   read a request, make your passkey
 2 Be the operator    http://localhost:8000/o/token       approve the identity check (link works once; laptop only)
 3 Sign               the page of step 1 goes on by itself
 4 Be the pipeline    source .state/test.env              then: consent check --performer demo --use train.voice
   It says allow after you sign; end it in the browser and it says deny, with the milliseconds it took.
 Mail sent: /mail    Docs: /docs    API: /docs/api    The whole story without a browser: make demo"""


def _seeded(**changes: Any) -> Any:
    return SimpleNamespace(
        **{"code": "7Q4K-M2TX", "operator_link": "token", "taken_up": False, "waiting": None, **changes}
    )


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a Makefile, as a newcomer has it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Makefile").write_text("")
    return tmp_path


def test_it_is_the_five_minutes_of_a_newcomer(folder: Path) -> None:
    assert banner(url=URL, data_dir=folder / ".state", seeded=_seeded()) == WHOLE


def test_a_link_is_never_cut(folder: Path) -> None:
    said = banner(url=URL, data_dir=folder / ".state", seeded=_seeded(operator_link="t" * 43))
    assert f"{URL}/o/{'t' * 43}  approve" in said


def test_who_comes_back_finds_what_waits_or_the_consent_that_stands(folder: Path) -> None:
    said = banner(url=URL, data_dir=folder / ".state", seeded=_seeded(taken_up=True, waiting="off_1"))
    assert f"{URL}/requests/off_1 " in said and "/i/" not in said and "goes on by itself" not in said
    said = banner(url=URL, data_dir=folder / ".state", seeded=_seeded(taken_up=True))
    assert f"{URL}/home " in said and "a consent of yours stands" in said and "/i/" not in said


def test_what_a_shell_sources_holds_any_path_as_it_is() -> None:
    values = {"CONSENT_TRUST": "/a b/it's $HOME"}
    posix = client_env(values, programs=PurePosixPath("/a b/bin"), windows=False)
    assert posix == """export CONSENT_TRUST='/a b/it'"'"'s $HOME'\nexport PATH='/a b/bin':"$PATH"\n"""
    windows = client_env(values, programs=PureWindowsPath("C:/a b/Scripts"), windows=True)
    assert windows == (
        "$env:CONSENT_TRUST = '/a b/it''s $HOME'\n$env:PATH = 'C:\\a b\\Scripts' + ';' + $env:PATH\n"
    )


def test_elsewhere_it_names_the_commands_that_work_there(folder: Path) -> None:
    said = banner(url=URL, data_dir=folder / "my data", seeded=_seeded())
    assert "source 'my data'/test.env" in said and "data: ./my data" in said
    assert (
        "delete that folder" in said
        and "consent-server demo" in said
        and "make" not in said.split("\n 1 ")[0]
    )
