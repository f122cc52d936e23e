"""The first start on a bare Python: what it makes, what it says when it cannot."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from consent.server.embedded import bootstrap
from consent.server.embedded.errors import StartError
from consent.server.embedded.pip_progress import run_pip

TREE = Path(__file__).parents[2]


def test_nothing_but_the_standard_library_is_imported_before_the_environment_exists() -> None:
    code = (
        "import sys; before = set(sys.modules)\n"
        "import consent.server.__main__\n"
        "roots = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "print(sorted(roots - set(sys.stdlib_module_names) - {'consent'}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=TREE, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("version", [(3, 9, 18), (3, 10, 99)])
def test_an_older_python_gets_one_sentence(version: tuple[int, int, int]) -> None:
    code = (
        f"import sys; sys.version_info = {version}; sys.version = '3.x old'; sys.argv = ['consent-server', 'up']\n"
        "import runpy; runpy.run_module('consent.server', run_name='__main__')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=TREE, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and "needs Python 3.11 or newer" in done.stderr


def test_a_python_without_venv_is_told_the_apt_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "find_spec", lambda name: None if name == "ensurepip" else object())
    with pytest.raises(StartError, match="apt-get install python3-venv"):
        bootstrap.make_venv(tmp_path / ".venv")


def _python_that(folder: Path, script: str) -> Path:
    python = folder / "python"
    python.write_text(f"#!{sys.executable}\n{script}\n")
    python.chmod(0o755)
    return python


def test_a_failed_installation_ends_with_what_pip_said_and_where_all_of_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    python = _python_that(
        tmp_path,
        "print('Collecting Django>=5.2'); print('ERROR: no matching distribution'); raise SystemExit(1)",
    )
    log = tmp_path / "install.log"
    with pytest.raises(StartError, match=r"(?s)no matching distribution.*install\.log"):
        run_pip(python, ["install", "x"], what="the registry", log=log)
    assert "Collecting Django" in log.read_text()
    assert "Installing the registry" in capsys.readouterr().out


def test_an_installation_that_is_there_is_not_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    (tmp_path / ".venv").mkdir()
    asked: list[str] = []
    monkeypatch.setattr(bootstrap, "works", lambda python: True)
    monkeypatch.setattr(bootstrap, "run_pip", lambda python, arguments, **_: asked.append(arguments[-1]))
    bootstrap.bring_venv(tmp_path, frozenset({"server"}))
    bootstrap.bring_venv(tmp_path, frozenset({"server"}))
    assert asked == [f"{tmp_path}[server]"]
    bootstrap.bring_venv(tmp_path, frozenset({"test"}))
    assert asked[1:] == [f"{tmp_path}[server,test]"]
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'y'\n")
    bootstrap.bring_venv(tmp_path, frozenset({"server"}))
    assert asked[2:] == [f"{tmp_path}[server,test]"]


def test_an_installation_that_was_killed_is_taken_up_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    stamp = tmp_path / ".venv" / "consent-installed.json"
    stamp.parent.mkdir()
    stamp.write_text(json.dumps({"pyproject": "of another time", "extras": ["server"]}))

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(bootstrap, "works", lambda python: True)
    monkeypatch.setattr(bootstrap, "run_pip", killed)
    with pytest.raises(KeyboardInterrupt):
        bootstrap.bring_venv(tmp_path, frozenset({"server"}))
    assert not stamp.exists()


def test_an_unknown_extra_is_refused_by_name() -> None:
    with pytest.raises(StartError, match="nonsense"):
        bootstrap.install(["--extras", "server,nonsense"])


def test_an_installed_package_without_the_extras_says_how_to_get_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bootstrap, "find_spec", lambda name: None)
    monkeypatch.setattr(bootstrap, "source_tree", lambda: None)
    monkeypatch.setattr(bootstrap, "environ", {k: v for k, v in os.environ.items() if "DATABASE" not in k})
    with pytest.raises(StartError, match=r"pip install 'consent-registry\[server,embedded\]'"):
        bootstrap.ensure_environment(["up"])
    with pytest.raises(StartError, match=r"pip install 'consent-registry\[server\]'"):
        bootstrap.ensure_environment(["migrate"])


def test_help_needs_no_environment() -> None:
    done = subprocess.run(
        [sys.executable, "-S", "-m", "consent.server", "--help"],
        cwd=TREE,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert "up" in done.stdout
