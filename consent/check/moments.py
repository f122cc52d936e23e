"""Instants as answers and records write them; texts of a second are made once and shared by all its answers."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = timedelta(seconds=1)
_DAY_S: Final = 86_400
_MILLISECONDS: Final = tuple(f".{number:03d}Z" for number in range(1000))


def second_of(at: datetime) -> int:
    """The whole second since 1970 in which an aware instant lies."""
    since = at - _EPOCH
    return since.days * _DAY_S + since.seconds  # both are rounded down, also before 1970


def instant_ms(at: datetime, second: int) -> str:
    """`YYYY-MM-DDTHH:MM:SS.mmmZ`; `second` is `second_of(at)`."""
    return _text(second) + _MILLISECONDS[at.microsecond // 1000]


def instant_s(second: int) -> str:
    """`YYYY-MM-DDTHH:MM:SSZ` of a whole second since 1970."""
    return _text(second) + "Z"


@lru_cache(maxsize=64)
def _text(second: int) -> str:
    return (_EPOCH + second * _SECOND).strftime("%Y-%m-%dT%H:%M:%S")
