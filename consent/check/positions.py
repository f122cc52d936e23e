"""Position tokens, each sealed once: answers between two changes carry the same one."""

import threading

from consent.log.errors import PositionConflictError
from consent.log.position import Position, PositionCodec


class PositionTokens:
    """Formats and reads tokens; remembers the newest of each side."""

    def __init__(self, codec: PositionCodec) -> None:
        self._codec = codec
        self._lock = threading.Lock()
        self._newest: dict[bool, tuple[Position, str]] = {}

    def token(self, position: Position) -> str:
        """The token of a position."""
        kept = self._newest.get(position.livemode)
        if kept is not None and (kept[0] is position or kept[0] == position):
            return kept[1]
        token = self._codec.encode(position)
        with self._lock:
            self._newest[position.livemode] = (position, token)
        return token

    def reached(self, token: str, position: Position) -> bool:
        """Whether `position` has certainly reached the token's. False says only that the primary must be asked.

        Raises:
            PositionInvalidError: not a token of this side.
            PositionConflictError: another history stands at the token's place.
        """
        asked = self._codec.decode(token, expected_livemode=position.livemode)
        if asked.seq == position.seq and asked.chain != position.chain:
            raise PositionConflictError("position is not on the registry's history")
        # An older one may be off this history; only the primary's own chain can tell.
        return asked == position
