"""What one notice says to whom, before it is put into words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


class NotNeededError(Exception):
    """What the notice would tell is no longer so; it is not sent. `cause` is one word for the row."""

    def __init__(self, cause: str) -> None:
        self.cause = cause
        super().__init__(cause)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that goes with a mail. Its name names nobody."""

    name: str
    media_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """The one address, the neutral subject, and what the templates are filled with."""

    to: str = field(repr=False)
    subject: str
    values: Mapping[str, Any] = field(repr=False)
    attachments: tuple[Attachment, ...] = ()
