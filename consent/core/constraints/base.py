"""What every constraint has in common: a verdict, the scene it is judged in, and the register.

A register entry is permanent: tags grow, retired ones stay reserved, a tag or kind used twice
raises at import (STYLE 10).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final, TypeVar

import msgspec

from consent.core.asked import Asked
from consent.core.counting import CounterKey
from consent.core.reasons import Reason
from consent.core.uses import Use


class Verdict:
    """What one constraint says: nothing against it, a reason, or the attribute it misses."""

    __slots__ = ("missing", "reason")

    def __init__(self, *, reason: Reason | None = None, missing: str | None = None) -> None:
        self.reason = reason
        self.missing = missing

    def __repr__(self) -> str:
        return f"Verdict(reason={self.reason}, missing={self.missing})"


PASS: Final = Verdict()
_DENIED: Final = {reason: Verdict(reason=reason) for reason in Reason}


def deny(reason: Reason) -> Verdict:
    """Deny for `reason`."""
    return _DENIED[reason]


def missing(attribute: str) -> Verdict:
    """Deny because the question leaves out `attribute`, which the terms constrain (DECIDING 25)."""
    return Verdict(reason=Reason.CONTEXT_MISSING, missing=attribute)


class Scene(msgspec.Struct, gc=False):
    """What a constraint may look at beside the question. `usage` and `line` change from line to line.

    `performers` counts the distinct performers of the question; `models` are the models asked by.
    """

    at: datetime
    performers: int
    models: tuple[str, ...]
    usage: Mapping[CounterKey, int] | None
    line: str


class Constraint(ABC):
    """A condition of one line. Adding one, or narrowing its set, never turns deny into allow."""

    __slots__ = ()

    kind: ClassVar[str]

    @property
    def open(self) -> bool:
        """Whether it passes every question, as an explicit any does."""
        return False

    @property
    def passes_plain(self) -> bool:
        """Whether it passes every plain question (`Asked.plain`)."""
        return False

    @abstractmethod
    def evaluate(self, asked: Asked, scene: Scene) -> Verdict:
        """Judge the question; total for any question."""


Parser = Callable[[Mapping[str, Any]], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One constraint in the register; `parse` is None where it is no member of `constraints`."""

    kind: str
    tag: int
    since: str
    parse: Parser | None
    binds: Callable[[Use, bool], bool]


REGISTER: Final[dict[str, Entry]] = {}
_TAGS: Final[dict[int, str]] = {}

C = TypeVar("C", bound=type)


def everywhere(use: Use, adult: bool) -> bool:
    """Binds every use."""
    return True


def constraint(
    *, kind: str, tag: int, since: str, binds: Callable[[Use, bool], bool] = everywhere
) -> Callable[[C], C]:
    """Enter a constraint class in the register; `binds(use, adult)` says which uses it is judged for.

    Raises:
        RuntimeError: the kind or the tag is taken.
    """

    def enter(cls: C) -> C:
        if kind in REGISTER or tag in _TAGS:
            raise RuntimeError(f"constraint {kind!r} with tag {tag} is already {_TAGS.get(tag, kind)!r}")
        _TAGS[tag] = kind
        REGISTER[kind] = Entry(
            kind=kind, tag=tag, since=since, parse=getattr(cls, "parse", None), binds=binds
        )
        setattr(cls, "kind", kind)  # noqa: B010 - a type checker knows no attribute of `type`
        return cls

    return enter
