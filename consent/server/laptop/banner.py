"""What the terminal says once the registry is ready. Every line is true word for word."""

import os
import shlex
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from consent.server.settings.storage import DEFAULT_DATA_DIR

if TYPE_CHECKING:
    from consent.server.laptop.seeding import Seeded

_COLUMN = 56  # where the explanations of steps begin, unless a link is longer


def banner(*, url: str, data_dir: Path, seeded: "Seeded") -> str:
    """The text, without its last line end."""
    number = ".".join(version("consent-registry").split(".")[:2])
    ours = Path("Makefile").is_file() and data_dir == Path.cwd() / DEFAULT_DATA_DIR
    remove = "make clean" if ours else "delete that folder"
    demo = "make demo" if ours else "consent-server demo"
    first, sign = _first_and_sign(url, seeded)
    folder = shown(data_dir).removeprefix("./")
    settings = f". {folder}\\test.ps1" if os.name == "nt" else f"source {shlex.quote(folder)}/test.env"
    return "\n".join(
        [
            f"Consent registry {number} is ready: {url}      "
            f"(data: {shown(data_dir)}, stop: Ctrl-C, remove: {remove})",
            first,
            _step(
                2,
                "Be the operator",
                f"{url}/o/{seeded.operator_link}",
                "approve the identity check (link works once; laptop only)",
            ),
            _step(3, "Sign", sign, ""),
            _step(
                4,
                "Be the pipeline",
                settings,
                "then: consent check --performer demo --use train.voice",
            ),
            "   It says allow after you sign; end it in the browser and it says deny, with the milliseconds "
            "it took.",
            f" Mail sent: /mail    Docs: /docs    API: /docs/api    The whole story without a browser: {demo}",
        ]
    )


def _first_and_sign(url: str, seeded: "Seeded") -> tuple[str, str]:
    """Steps 1 and 3. Who went through them before comes back with the passkey of that time."""
    who = "Be the performer"
    if not seeded.taken_up:
        return (
            _step(1, who, f"{url}/i/{seeded.code}", "read a request, make your passkey"),
            "the page of step 1 goes on by itself",
        )
    if seeded.waiting is not None:
        address = f"{url}/requests/{seeded.waiting}"
        return _step(1, who, address, "a request waits; sign in with your passkey"), "on the page of step 1"
    return _step(1, who, f"{url}/home", "sign in with your passkey"), "done: a consent of yours stands"


def _step(number: int, who: str, where: str, what: str) -> str:
    """One numbered line; a link longer than its column pushes the explanation on."""
    return f" {number} {who:<18} {where}".ljust(_COLUMN) + (f"  {what}" if what else "").rstrip()


def shown(path: Path) -> str:
    """A path as one would type it here."""
    try:
        return f"./{path.relative_to(Path.cwd())}"
    except ValueError:
        return str(path)
