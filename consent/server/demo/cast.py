"""Who plays in the demo: every speaker of the manifest, and what each of them does.

The parts are dealt by a speaker's place in the sorted list, so every run tells the same story.
"""

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

# The wheel carries the manifest beside this file; in a source tree it is the tests' own.
_PACKAGED = Path(__file__).with_name("data")
_IN_SOURCE = Path(__file__).parents[3] / "tests" / "data"
MANIFEST = (_PACKAGED if _PACKAGED.exists() else _IN_SOURCE) / "manifest-2k.csv"


class Part(StrEnum):
    """What a speaker does about the audiobook house's offer."""

    STRANGER = "never enrolled"
    DECLINES = "declines"
    LIMITS = "signs, but forbids audiobooks altogether"
    PAUSES = "signs, then pauses"
    SIGNS = "signs"
    ENDS = "signs, and ends it between the scans"


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """One speaker of the manifest, with the number of utterances in it.

    `studies` is what the speaker does about the research lab's offer; None where none is made.
    """

    speaker_id: str
    utterances: int
    part: Part
    studies: Part | None

    @property
    def stage_name(self) -> str:
        """The invented performer's public name."""
        return f"Speaker {self.speaker_id}"


# The first divisor that a speaker's place is a multiple of decides; the rest sign.
_PARTS: Mapping[int, Part] = {
    11: Part.STRANGER,
    17: Part.DECLINES,
    23: Part.LIMITS,
    29: Part.PAUSES,
    6: Part.ENDS,
}


def read_cast(manifest: Path = MANIFEST) -> tuple[Speaker, ...]:
    """The speakers of a manifest with their parts, sorted by speaker id."""
    with manifest.open(encoding="utf-8", newline="") as file:
        rows = Counter(row["speaker_id"] for row in csv.DictReader(file))
    return tuple(
        Speaker(
            speaker_id=speaker_id, utterances=rows[speaker_id], part=_part(place), studies=_studies(place)
        )
        for place, speaker_id in enumerate(sorted(rows), start=1)
    )


def of_part(cast: Sequence[Speaker], *parts: Part) -> tuple[Speaker, ...]:
    """The speakers with one of these parts."""
    return tuple(speaker for speaker in cast if speaker.part in parts)


def rows_of(speakers: Sequence[Speaker]) -> int:
    """How many rows of the manifest are theirs."""
    return sum(speaker.utterances for speaker in speakers)


def _part(place: int) -> Part:
    for divisor, part in _PARTS.items():
        if place % divisor == 0:
            return part
    return Part.SIGNS


def _studies(place: int) -> Part | None:
    """The lab asks every third speaker who is enrolled; some of them end it, too."""
    if _part(place) is Part.STRANGER or place % 3:
        return None
    return Part.ENDS if place % 12 == 0 else Part.SIGNS
