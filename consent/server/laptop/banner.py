"""What the terminal says once the registry is ready. Every line is true word for word."""

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
    if seeded.taken_up:
        first = _step(1, "Be the performer", f"{url}/home", "your consents; you took the request up before")
    else:
        first = _step(1, "Be the performer", f"{url}/i/{seeded.code}", "read a request, make your passkey")
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
            _step(3, "Sign", "the page of step 1 goes on by itself", ""),
            _step(
                4,
                "Be the pipeline",
                f"source {shlex.quote(shown(data_dir).removeprefix('./'))}/test.env",
                "then: consent check --performer demo --use train.voice",
            ),
            "   It says allow after you sign; end it in the browser and it says deny, with the milliseconds "
            "it took.",
            f" Mail sent: /mail    Docs: /docs    API: /docs/api    The whole story without a browser: {demo}",
        ]
    )


def _step(number: int, who: str, where: str, what: str) -> str:
    """One numbered line; a link longer than its column pushes the explanation on."""
    return f" {number} {who:<18} {where}".ljust(_COLUMN) + (f"  {what}" if what else "").rstrip()


def shown(path: Path) -> str:
    """A path as one would type it here."""
    try:
        return f"./{path.relative_to(Path.cwd())}"
    except ValueError:
        return str(path)
