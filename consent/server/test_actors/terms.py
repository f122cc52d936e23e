"""The terms that the actors sign: broad ones, and one that is deliberately narrow."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from consent.core.instants import format_instant
from consent.core.purposes import FLAGS, PURPOSES

TERM = timedelta(days=3 * 365)
MOMENT = timedelta(seconds=5)  # long enough to be signed, then over for good
# Not those that need more than a general consent: sensitive flags, adult content, assured ages.
_BROAD = sorted(PURPOSES - set(FLAGS) - {"adult", "companion"})
_TEXT = (
    "This is an invented offer to an invented performer of the test side. It exists so that a developer can ask "
    "the registry about somebody who always answers in the same way, without any real person being involved, and "
    "it counts for nothing on the live side, in no court and for no model that anybody would ever publish."
)


def voice(at: datetime) -> dict[str, Any]:
    """Any use of a voice that needs no initials, for nearly any purpose, everywhere, in every language."""
    train = _line("train", ["train.singing", "train.voice"], _limit("language", ranges=["*"]), _ANY_MODEL)
    speak = _line(
        "speak",
        ["edit.dub", "infer.singing", "infer.voice", "infer.voice-realtime"],
        _limit("language", ranges=["*"]),
        _PUBLIC,
    )
    return _terms("voice-clone", [train, speak], since=at, until=at + TERM)


def likeness(at: datetime) -> dict[str, Any]:
    """Images and video, as broad as `voice`."""
    train = _line("train", ["train.likeness"], _ANY_MODEL)
    show = _line("show", ["infer.image", "infer.video"], _PUBLIC)
    return _terms("likeness", [train, show], since=at, until=at + TERM)


def voice_for_a_moment(at: datetime) -> dict[str, Any]:
    """As `voice`, but over in five seconds."""
    return {**voice(at), "valid_until": format_instant(at + MOMENT)}


def icelandic_dubbing(at: datetime) -> dict[str, Any]:
    """Dubbing into Icelandic in Iceland, for assistive purposes: nothing that one would ask by chance."""
    line = _line("dub", ["edit.dub"], _limit("language", ranges=["is"]), _PUBLIC, territory="IS")
    return _terms("dubbing", [{**line, "purposes": ["assistive"]}], since=at, until=at + TERM)


def _limit(kind: str, **members: object) -> dict[str, Any]:
    return {"kind": kind, "v": 1, **members}


_ANY_MODEL = _limit("base_model", ids=["*"])
_PUBLIC = _limit("end_users", scope="public", age_assured=False)


def _line(name: str, uses: list[str], *limits: dict[str, Any], territory: str = "WORLD") -> dict[str, Any]:
    return {
        "id": name,
        "uses": uses,
        "purposes": _BROAD,
        "content_max": "general",
        "description": _TEXT,
        "constraints": [
            _limit("territory", allow=[territory]),
            _limit("commercial", allowed=True),
            *limits,
        ],
    }


def _terms(
    template: str, lines: Sequence[dict[str, Any]], *, since: datetime, until: datetime
) -> dict[str, Any]:
    return {
        "template": {"id": template, "version": 1, "language": "en"},
        "lines": list(lines),
        "valid_from": format_instant(since),
        "valid_until": format_instant(until),
    }
