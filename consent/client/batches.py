"""Many questions as few: each distinct asking once, in batches of at most 10,000."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from consent.client.asking import counts_outputs
from consent.core.wire.check import MAX_BATCH_ROWS
from consent.core.wire.encode import encode

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Distinct:
    """The distinct askings in order of appearance, and for each asking given the place of its question."""

    askings: tuple[dict[str, object], ...]
    places: tuple[int, ...]


def distinct(askings: Iterable[dict[str, object]]) -> Distinct:
    """Merge equal askings.

    Where outputs count, the merged question asks for the sum of the quantities: an answer for one output
    would not authorise the others (DECIDING 28).
    """
    places: list[int] = []
    known: dict[bytes, int] = {}
    merged: list[dict[str, object]] = []
    quantities: list[int] = []
    for asking in askings:
        counted = counts_outputs(asking)
        quantity = asking.get("quantity", 1)
        rest = {name: value for name, value in asking.items() if not (counted and name == "quantity")}
        key = encode(rest)
        place = known.setdefault(key, len(merged))
        if place == len(merged):
            merged.append(dict(asking))
            quantities.append(0)
        quantities[place] += quantity if isinstance(quantity, int) else 0
        if counted and quantities[place] > 1:
            merged[place]["quantity"] = quantities[place]
        places.append(place)
    return Distinct(askings=tuple(merged), places=tuple(places))


def batches(items: Sequence[T], size: int = MAX_BATCH_ROWS) -> Iterator[Sequence[T]]:
    """The items in runs of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
