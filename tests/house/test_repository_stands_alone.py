"""Nothing in the repository names a machine, a workplace or a package registry's host."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
TOP_LEVEL = {
    ".ci", ".gitignore", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.md",
    "SECURITY.md", "consent", "deploy", "pyproject.toml", "signing", "templates", "tests",
}  # fmt: skip
FORBIDDEN = re.compile(
    r"(?:^|[\s\"'(=])/(?:work|root|farm)/"  # a path of somebody's machine
    r"|\.\./shared\b"
    r"|(?:index-url|registry)\s*=\s*https?://"
    r"|(?:pypi|files\.pythonhosted|registry\.npmjs)\.org",
    re.IGNORECASE,
)


def _tracked() -> list[str]:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    return [name for name in listing.stdout.decode().split("\0") if name]


def test_the_top_level_holds_only_what_the_design_names() -> None:
    assert {name.split("/")[0] for name in _tracked()} <= TOP_LEVEL


def test_no_tracked_text_names_a_machine_path_or_a_registry_host() -> None:
    found = []
    for name in _tracked():
        if name.startswith("tests/vectors/") or name == str(Path(__file__).relative_to(ROOT)):
            continue
        try:
            text = (ROOT / name).read_text()
        except (UnicodeDecodeError, FileNotFoundError):
            continue
        found += [f"{name}: {line.strip()[:100]}" for line in text.splitlines() if FORBIDDEN.search(line)]
    assert found == []
