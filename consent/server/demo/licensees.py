"""The two companies of the demo, what each offers to performers, and what each asks of its manifest."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from consent.client.question import Question
from consent.core.instants import format_instant

TERM = timedelta(days=730)


@dataclass(frozen=True, slots=True, kw_only=True)
class Licensee:
    """A company of the test side: its name, its offer, and the question it asks for each row."""

    name: str
    legal_name: str
    country: str
    contact: str
    lines: tuple[Mapping[str, Any], ...]
    question: Question

    def terms(self, at: datetime) -> dict[str, Any]:
        """The terms of its offer, for two years from `at`."""
        return {
            "template": {"id": "voice-clone", "version": 1, "language": "en"},
            "lines": [dict(line) for line in self.lines],
            "valid_from": format_instant(at),
            "valid_until": format_instant(at + TERM),
            "compensation": {"kind": "paid"},
        }


_TRAIN = (
    "We would like to train a voice model on the recordings that you made for us, so that it learns how you "
    "speak: your timbre, your rhythm and the way you read a sentence. The recordings and the model stay on our "
    "own machines, nobody else gets either of them, and the model is deleted within thirty days after you end "
    "this consent."
)
_READ = (
    "We would like to let that model read audiobooks aloud in English, at most one hundred thousand finished "
    "passages. Every passage is heard by an editor before it is published, every book says on its cover page "
    "that a computer reads it with your voice, and no other kind of text is ever given to the model."
)
_STUDY = (
    "We would like to train a model on your recordings for a study of how people tell voices apart. It is used "
    "inside our laboratory in Germany only, nothing that it says is ever published or played to the public, and "
    "it is deleted within thirty days after the study is over or after you end this consent."
)


def _line(name: str, use: str, purpose: str, text: str, *constraints: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": name,
        "uses": [use],
        "purposes": [purpose],
        "content_max": "general",
        "description": text,
        "constraints": [{"kind": "language", "v": 1, "ranges": ["en"]}, *constraints],
    }


def _limit(kind: str, **members: object) -> dict[str, Any]:
    return {"kind": kind, "v": 1, **members}


AUDIOBOOKS = Licensee(
    name="Northlight Audio",
    legal_name="Northlight Audio GmbH",
    country="DE",
    contact="consent@northlight.example",
    lines=(
        _line(
            "train",
            "train.voice",
            "audiobook",
            _TRAIN,
            _limit("territory", allow=["WORLD"]),
            _limit("base_model", ids=["*"]),
            _limit("commercial", allowed=True),
        ),
        _line(
            "read",
            "infer.voice",
            "audiobook",
            _READ,
            _limit("territory", allow=["WORLD"]),
            _limit("commercial", allowed=True),
            _limit("end_users", scope="public", age_assured=False),
            _limit("max_outputs", limit=100_000),
        ),
    ),
    question={"use": "train.voice", "purpose": "audiobook", "territory": "US", "language": "en"},
)
RESEARCH = Licensee(
    name="Hearing Lab",
    legal_name="Hearing Lab an der Spree e. V.",
    country="DE",
    contact="ethics@hearing-lab.example",
    lines=(
        _line(
            "study",
            "train.voice",
            "research",
            _STUDY,
            _limit("territory", allow=["DE"]),
            _limit("base_model", ids=["*"]),
            _limit("commercial", allowed=False),
        ),
    ),
    question={
        "use": "train.voice",
        "purpose": "research",
        "territory": "DE",
        "language": "en",
        "commercial": False,
    },
)
