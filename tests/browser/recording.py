"""A recording of a terminal beside a phone: what both really showed, at the pace at which it happened."""

import html
import io
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Locator, Page

PHONE = (360, 640)
TERMINAL = (620, 640)
GAP = 20
GROUND = (226, 230, 235)
_STYLE = """
html { background: #0f1720 } body { margin: 18px 20px; max-height: 604px; overflow: hidden; display: flex;
flex-direction: column-reverse; color: #d6dee6; font: 15px/1.45 "DejaVu Sans Mono", monospace }
pre { margin: 0; font: inherit; white-space: pre-wrap; overflow-wrap: anywhere }
i { color: #7e8b99; font-style: normal } .allow { color: #6fd08c } .deny { color: #ff8f86; font-weight: bold }
"""


@dataclass(slots=True)
class Terminal:
    """A shell whose lines are kept with the second at which they came."""

    environment: Mapping[str, str]
    folder: Path
    lines: list[tuple[float, str]] = field(default_factory=list)
    _process: subprocess.Popen[str] | None = None
    _reader: threading.Thread | None = None

    def type(self, command: str) -> None:
        """Show a command, and run it in the background."""
        self.lines.append((time.monotonic(), f"$ {command}"))
        self._process = subprocess.Popen(
            ["/bin/bash", "-c", command],
            cwd=self.folder,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, args=(self._process,), daemon=True)
        self._reader.start()

    def finish(self, *, within_s: float = 60) -> None:
        """Wait until the command has ended; it is ended if it does not end by itself."""
        if self._process is not None:
            try:
                self._process.wait(within_s)
            finally:
                if self._process.poll() is None:
                    os.killpg(self._process.pid, signal.SIGKILL)
        if self._reader is not None:
            self._reader.join(20)

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with process.stdout as stream:
            for line in stream:
                self.lines.append((time.monotonic(), line.rstrip("\n")))


@dataclass(slots=True)
class Recording:
    """Collects pictures of one page while things happen; `frames` puts the terminal beside them."""

    page: Page
    terminal: Terminal
    shots: list[tuple[float, Image.Image]] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def watch(self, seconds: float) -> None:
        """Look at the page for a while."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.shoot()
            self.page.wait_for_timeout(120)

    def shoot(self, touch: tuple[float, float] | None = None) -> None:
        """One picture of what the phone shows now; `touch` is where a finger is."""
        picture = Image.open(io.BytesIO(self.page.screenshot())).convert("RGB")
        if touch is not None:
            x, y = touch
            ImageDraw.Draw(picture, "RGBA").ellipse(
                (x - 22, y - 22, x + 22, y + 22), fill=(30, 90, 200, 90), outline=(30, 90, 200, 200), width=2
            )
        self.shots.append((time.monotonic(), picture))

    def tap(self, target: Locator) -> None:
        """Show a finger on it, then press it."""
        target.scroll_into_view_if_needed()
        box = target.bounding_box()
        assert box is not None
        self.shoot((box["x"] + box["width"] / 2, box["y"] + box["height"] / 2))
        self.page.wait_for_timeout(500)
        target.click()
        self.page.wait_for_load_state("load")

    def frames(self, browser: Browser) -> list[tuple[Image.Image, int]]:
        """Each picture with the milliseconds it stands."""
        moments = sorted({at for at, _ in [*self.shots, *self.terminal.lines]})
        page = browser.new_page(viewport={"width": TERMINAL[0], "height": TERMINAL[1]})
        drawn: dict[int, Image.Image] = {}
        found: list[tuple[Image.Image, int]] = []
        before: bytes | None = None
        for at, following in zip(moments, [*moments[1:], moments[-1] + 3.0], strict=True):
            shown = [line for when, line in self.terminal.lines if when <= at]
            if len(shown) not in drawn:
                drawn[len(shown)] = _terminal_picture(page, shown)
            phone = next((each for when, each in reversed(self.shots) if when <= at), self.shots[0][1])
            picture = _side_by_side(drawn[len(shown)], phone)
            lasts = round((following - at) * 1000)
            if found and picture.tobytes() == before:
                found[-1] = (found[-1][0], found[-1][1] + lasts)
            else:
                found.append((picture, lasts))
                before = picture.tobytes()
        page.close()
        return found


def save(frames: list[tuple[Image.Image, int]], path: Path) -> None:
    """Write an animated WebP, which README pages show."""
    first, *others = [picture for picture, _ in frames]
    first.save(
        path,
        save_all=True,
        append_images=others,
        duration=[max(20, lasts) for _, lasts in frames],
        loop=0,
        lossless=True,  # flat colours and text: smaller than lossy, and sharp
        method=4,
        minimize_size=True,
    )


def _terminal_picture(page: Page, lines: list[str]) -> Image.Image:
    marked = []
    for line in lines[-40:]:
        safe = html.escape(line)
        for word in ("allow", "deny"):
            if line.startswith(word) or f" {word}" in line[:24]:
                safe = safe.replace(word, f"<b class={word}>{word}</b>", 1)
        marked.append(f"<i>$</i>{safe[1:]}" if line.startswith("$ ") else safe)
    page.set_content(f"<!doctype html><style>{_STYLE}</style><pre>" + "\n".join(marked))
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


def _side_by_side(terminal: Image.Image, phone: Image.Image) -> Image.Image:
    size = (TERMINAL[0] + PHONE[0] + 3 * GAP, TERMINAL[1] + 2 * GAP)
    sheet = Image.new("RGB", size, GROUND)
    sheet.paste(terminal, (GAP, GAP))
    sheet.paste(phone.crop((0, 0, *PHONE)), (TERMINAL[0] + 2 * GAP, GAP))
    return sheet
