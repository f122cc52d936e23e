"""A file holds one idea: it aims at 120 lines and never passes 400."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
MAX_LINES = 400  # CONTRIBUTING: "How it should read"


def test_no_source_file_is_longer_than_400_lines() -> None:
    sources = [
        path
        for folder in ("consent", "signing", "tests", "deploy")
        for path in (ROOT / folder).rglob("*.py")
        if "migrations" not in path.parts
    ]
    assert sources
    long = {
        str(path.relative_to(ROOT)): lines
        for path in sources
        if (lines := len(path.read_text().splitlines())) > MAX_LINES
    }
    assert long == {}
