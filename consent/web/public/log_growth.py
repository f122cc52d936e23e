"""How a log grew, drawn by the server: a line through at most forty signed sizes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

POINTS = 40
WIDTH, HEIGHT = 600, 120  # of the drawing, in its own units
# One probe of the index (origin, size) for each point, however many checkpoints were ever signed.
_SAMPLES = """
SELECT DISTINCT found.size, found.signed_at
FROM generate_series(0, %(points)s) AS part
CROSS JOIN LATERAL (
    SELECT size, signed_at FROM log_signed_root
    WHERE origin = %(origin)s AND size >= %(last)s * part / %(points)s AND size <= %(last)s
    ORDER BY size LIMIT 1
) AS found
ORDER BY found.size
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeThen:
    """How many entries a checkpoint had when it was signed."""

    size: int
    at: datetime

    @property
    def size_words(self) -> str:
        """With a comma between thousands."""
        return f"{self.size:,}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """The sizes from the oldest on, and the line through them."""

    sizes: Sequence[SizeThen]
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def line(self) -> str:
        """Points of an SVG polyline: a step up wherever a checkpoint is larger."""
        first, last = self.sizes[0], self.sizes[-1]
        span_s = max(1.0, (last.at - first.at).total_seconds())
        points: list[str] = []
        y = HEIGHT
        for each in self.sizes:
            x = round((each.at - first.at).total_seconds() * WIDTH / span_s)
            points.append(f"{x},{y}")
            y = HEIGHT - each.size * (HEIGHT - 2) // max(1, last.size)
            points.append(f"{x},{y}")
        return " ".join(points)


def read_growth(origin: str, *, size: int) -> Growth | None:
    """The growth up to the published `size`; None before there are two checkpoints to draw a line between."""
    with connection.cursor() as cursor:
        cursor.execute(_SAMPLES, {"origin": origin, "last": size, "points": POINTS})
        sizes = [SizeThen(size=row[0], at=row[1]) for row in cursor.fetchall()]
    return Growth(sizes=sizes) if len(sizes) > 1 else None
