"""The README's recording shows what really happens, and can be made again."""

import re
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser

from tests.browser.people import Person
from tests.browser.place import Place
from tests.browser.record_ending import MAX_BYTES, RECORDING, record

ROOT = Path(__file__).parents[2]
ALLOWED = re.compile(r"\d\d:\d\d:\d\d\.\d{3}  allow")
DENIED = re.compile(r"\d\d:\d\d:\d\d\.\d{3}  deny")


def test_a_recording_turns_from_allow_to_deny(
    browser: Browser, place: Place, newcomer: Person, tmp_path: Path
) -> None:
    out = tmp_path / "ending.webp"
    said = record(browser, place, newcomer, out)
    assert [line for line in said if ALLOWED.match(line)]
    first_denied = next(at for at, line in enumerate(said) if DENIED.match(line))
    assert not [line for line in said[first_denied:] if ALLOWED.match(line)]
    assert any("no_active_consent" in line for line in said)
    assert not any("Traceback" in line for line in said)
    check_film(out)


def test_the_readme_shows_one_that_loads_quickly() -> None:
    assert RECORDING.relative_to(ROOT).as_posix() in (ROOT / "README.md").read_text("utf-8")
    check_film(RECORDING)


def check_film(path: Path) -> None:
    """About twenty seconds, moving, under two megabytes."""
    assert path.stat().st_size < MAX_BYTES
    lasts_ms = 0
    with Image.open(path) as film:
        assert film.n_frames > 5
        for frame in range(film.n_frames):
            film.seek(frame)
            film.load()
            lasts_ms += film.info["duration"]
    assert 10_000 < lasts_ms < 90_000
