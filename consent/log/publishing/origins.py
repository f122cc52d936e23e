"""What a log is called, and where its objects stand."""

import re
from urllib.parse import urlsplit

_NAME = re.compile(r"(?:live|test)(?:/[1-9][0-9]{0,5})?")


def origin_of(registry: str, *, livemode: bool, generation: int = 0) -> str:
    """The origin of one side's log: the registry's host, without a scheme (tlog-checkpoint § Note text).

    `generation` counts declared losses: a log whose signed future was lost goes on under another origin.
    """
    return f"{urlsplit(registry).netloc}/log/{name_of(livemode=livemode, generation=generation)}"


def name_of(*, livemode: bool, generation: int = 0) -> str:
    """`live` or `test`, and of a history that was begun anew `/2`, `/3` and so on."""
    side = "live" if livemode else "test"
    return f"{side}/{generation + 1}" if generation else side


def folder_of(origin: str) -> str:
    """The prefix of a log's objects, with its slash.

    Raises:
        ValueError: not the origin of a log of ours.
    """
    _, separator, name = origin.partition("/log/")
    if not separator or not _NAME.fullmatch(name):
        raise ValueError(f"{origin!r:.80} is not the origin of a registry's log")
    return f"log/{name}/"
