"""What publishing needs from outside."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from consent.log.figures import Figures
from consent.log.objects import ObjectStore
from signing.note import NoteSigner


def _go_on(step: str) -> None:
    """Nothing: in production no step is watched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishingPorts:
    """Store, keys and figures of one publisher.

    `signers` gives the keys that sign the log of an origin now, under that name. `step` is told each durable step of
    the database before and after it, so that a test can end the process there.
    """

    objects: ObjectStore
    signers: Callable[[str, bool], Sequence[NoteSigner]]
    figures: Figures = field(default_factory=Figures)
    step: Callable[[str], None] = _go_on
