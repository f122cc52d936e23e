"""What the demo prints: numbered steps, facts beneath them, small tables. Nothing else."""

import sys
import time
from collections.abc import Sequence

WIDTH = 45  # of the first column of facts


class Page:
    """The demo's output, in order."""

    def __init__(self) -> None:
        self._steps = 0
        self._started = time.monotonic()

    def title(self, text: str) -> None:
        """The first line."""
        _write(text)

    def step(self, text: str) -> None:
        """Begin a step; the seconds since the start stand beside it."""
        self._steps += 1
        _write(f"\n{self._steps}. {text}  ({time.monotonic() - self._started:.0f} s)")

    def fact(self, name: str, value: object) -> None:
        """One line: what, and how much."""
        _write(f"   {name:<{WIDTH}} {value}")

    def table(self, head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Rows under a head; numbers stand to the right."""
        cells = [[str(cell) for cell in row] for row in rows]
        widths = [max(len(row[place]) for row in [list(head), *cells]) for place in range(len(head))]
        for row in [list(head), ["-" * width for width in widths], *cells]:
            first, *rest = (
                text.ljust(width) if place == 0 else text.rjust(width)
                for place, (text, width) in enumerate(zip(row, widths, strict=True))
            )
            _write("   " + "  ".join([first, *rest]))

    def end(self, text: str) -> None:
        """The last line."""
        _write(f"\n{text}")


def _write(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
