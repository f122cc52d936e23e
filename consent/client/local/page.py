"""One verified answer of the change feed, in the words of this room."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from consent.client.local.pairs import Pair
from consent.client.local.picture import CallerFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What the registry signed. Events `from_n < n <= to_n` of the organization's counter are all folded into `pairs`.

    `fresh`: with this page everything up to `position` is known, as of `as_of`. `snapshot`: a page of a whole picture,
    `first` of them where it begins. `page` names the next page, `through` from where to go on when there is none.
    """

    caller: CallerFacts
    history: str
    as_of: datetime
    position: str
    l_node_s: float
    fresh: bool
    snapshot: bool
    first: bool
    from_n: int
    to_n: int
    pairs: Sequence[Pair]
    more: bool
    page: str | None
    through: str | None


class PageSource(Protocol):
    """Where pages come from. One request a call; nothing that was not signed for this very `nonce` is returned."""

    def fetch(self, *, nonce: str, after: str | None, page: str | None) -> Page:
        """The answer to one request.

        Raises:
            Unauthorized: the key is wrong, off, expired, or without the scope.
            BadRequest: the registry refuses the request; 409 where `after` is not on its history.
            Unavailable: no answer, or one that does not verify.
        """
