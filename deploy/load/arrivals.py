"""When requests are due, fixed before the first is sent: a slow answer must not slow down the questions."""

import random
from array import array

KINDS = ("constant", "poisson")


def due_times(kind: str, *, per_s: float, seconds: float, seed: int = 1) -> "array[int]":
    """Nanoseconds after the start at which each request is due, ascending.

    `constant` keeps equal gaps; `poisson` draws them, as independent callers arrive. The same seed gives
    the same times.

    Raises:
        ValueError: an unknown kind, or a rate that is not above nought.
    """
    if kind not in KINDS or per_s <= 0:
        raise ValueError(f"expected one of {KINDS} and a rate above 0, got {kind!r} and {per_s}")
    if kind == "constant":
        return array("q", (int(place * 1e9 / per_s) for place in range(int(per_s * seconds))))
    draw = random.Random(seed)  # noqa: S311  # gaps between questions, no secret
    due, ends, now = array("q"), seconds * 1e9, 0.0
    while (now := now + draw.expovariate(per_s) * 1e9) < ends:
        due.append(int(now))
    return due
