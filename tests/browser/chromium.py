"""The one Chromium of a run: the system's own, headless, without its background traffic."""

import os
import shutil

from playwright.sync_api import Browser, Playwright

PROGRAM = "chromium"
FLAGS = (
    "--headless=new",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def launch(playwright: Playwright) -> Browser:
    """Start it; root has to give up the sandbox."""
    flags = [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else list(FLAGS)
    return playwright.chromium.launch(executable_path=shutil.which(PROGRAM), args=flags)
