"""The request that waits on the laptop: terms as a real studio would write them."""

from datetime import datetime, timedelta
from typing import Any

from consent.core.instants import format_instant

LEGAL_NAME, COUNTRY, CONTACT = "Northlight Audio GmbH", "DE", "consent@northlight.example"
# What the studio's key asks about unless a question says otherwise.
CONTEXT = {"territory": "DE", "language": "de", "purpose": "audiobook"}
TERM = timedelta(days=2 * 365)

_TRAIN = (
    "We would like to make one copy of your voice from the recordings that you made with us this year. We use "
    "only those recordings and no others. The copy stays on our own computers, nobody else gets it, and we "
    "delete it within thirty days after you end this consent, with proof."
)
_READ = (
    "We would like that copy to read audiobooks aloud in German. Every book says at its beginning that a "
    "computer made the voice. We publish at most one thousand chapters, in Germany, Austria and Switzerland, "
    "and we use the copy for nothing else: no advertising, no chat, no politics."
)


def terms(at: datetime) -> dict[str, Any]:
    """Train one voice model and read audiobooks with it, for two years from `at`."""
    territory = {"kind": "territory", "v": 1, "allow": ["AT", "CH", "DE"]}
    language = {"kind": "language", "v": 1, "ranges": ["de"]}
    commercial = {"kind": "commercial", "v": 1, "allowed": True}
    common = {"purposes": ["audiobook"], "content_max": "general"}
    return {
        "template": {"id": "voice-clone", "version": 1, "language": "en"},
        "lines": [
            {
                **common,
                "id": "l1",
                "uses": ["train.voice"],
                "description": _TRAIN,
                "constraints": [
                    territory,
                    language,
                    commercial,
                    {"kind": "base_model", "v": 1, "ids": ["*"]},
                ],
            },
            {
                **common,
                "id": "l2",
                "uses": ["infer.voice"],
                "description": _READ,
                "constraints": [
                    territory,
                    language,
                    commercial,
                    {"kind": "end_users", "v": 1, "scope": "public", "age_assured": False},
                    {"kind": "max_outputs", "v": 1, "limit": 1000},
                ],
            },
        ],
        "valid_from": format_instant(at),
        "valid_until": format_instant(at + TERM),
        "compensation": {"kind": "paid"},
    }
