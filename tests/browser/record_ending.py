"""`python -m tests.browser.record_ending`: records how a consent is ended and a check turns to deny, for the README.

Left a real shell in which a job asks before each step, right the real page on a phone. Nothing is staged but the
company and the performer. Writes tests/browser/ending.webp.
"""

import os
import re
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.browser import chromium, recording
from tests.browser.people import Person, join, sign, sign_in, somebody, take_up
from tests.browser.place import Place
from tests.browser.recording import Recording, Terminal
from tests.browser.visitor import Visitor
from tests.integration.running import new_folder

RECORDING = Path(__file__).parent / "ending.webp"
MAX_BYTES = 2_000_000
USE = "--use train.voice --territory DE --language de --purpose audiobook"
JOB = """while consent check $QUESTION > answer
  do date "+%T.%3N  $(head -1 answer)"; sleep 0.6
done; date "+%T.%3N  $(cat answer)\""""


def record(browser: Browser, place: Place, person: Person, out: Path) -> list[str]:
    """Record about twenty seconds; what the terminal said."""
    visitor = Visitor(browser, origins=place.origins, size=recording.PHONE)
    sign_in(visitor, place, person)
    offer = take_up(visitor, place, place.invite()[1])
    grant = sign(visitor)
    reference = place.ask(f"/v1/offers/{offer}")["performer"]
    terminal = Terminal(_environment(place, f"--performer {reference} {USE}"), place.folder)
    visitor.go(f"{place.main}/home")
    page = visitor.page
    film = Recording(page, terminal)
    film.watch(1.5)
    terminal.type(JOB)
    film.watch(4.5)
    film.tap(page.locator(f"a[href='/consents/{grant}/end']").first)
    film.watch(3)
    film.tap(page.get_by_role("button", name=re.compile("^End consent")).first)
    page.get_by_text("may no longer").first.wait_for()
    film.watch(2.5)
    terminal.finish(within_s=30)  # by itself: the check said no
    film.watch(4)
    recording.save(film.frames(browser), out)
    visitor.leave()
    return [line for _, line in terminal.lines]


def _environment(place: Place, question: str) -> dict[str, str]:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return {**place.client_environment(), "PATH": path, "QUESTION": question}


def main() -> int:
    """Start a registry, let somebody join, and record; an exit code."""
    place = Place(new_folder())
    try:
        place.start()
        with sync_playwright() as playwright:
            browser = chromium.launch(playwright)
            visitor = Visitor(browser, origins=place.origins)
            person = somebody("Nova Lark")
            join(visitor, place, place.invite()[1], person)
            visitor.leave()
            place.approve_everybody()
            record(browser, place, person, RECORDING)
            browser.close()
    finally:
        place.stop()
        shutil.rmtree(place.folder, ignore_errors=True)
    print(f"{RECORDING}: {RECORDING.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
