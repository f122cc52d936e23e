"""What stands inside a sealed file: named entries of unknown length, one after the other, in one stream.

entry = u16 length of the name ‖ name (UTF-8) ‖ blocks (u32 length ‖ bytes) ‖ u32 0;  end = u16 0
"""

import struct
from collections.abc import Callable, Iterable, Iterator

from consent.server.backup.errors import DamagedError

MAX_BLOCK_BYTES = 1 << 20
_NAME, _BLOCK = struct.Struct(">H"), struct.Struct(">I")


class EntryWriter:
    """Writes entries through `write`."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write

    def add(self, name: str, blocks: Iterable[bytes]) -> None:
        """One entry; `blocks` may be of any size."""
        encoded = name.encode()
        if not encoded:
            raise ValueError("an entry has a name")
        self._write(_NAME.pack(len(encoded)) + encoded)
        for block in blocks:
            for start in range(0, len(block), MAX_BLOCK_BYTES):
                part = block[start : start + MAX_BLOCK_BYTES]
                self._write(_BLOCK.pack(len(part)) + part)
        self._write(_BLOCK.pack(0))

    def finish(self) -> None:
        """Say that no entry follows."""
        self._write(_NAME.pack(0))


def read_entries(pieces: Iterator[bytes]) -> Iterator[tuple[str, Iterator[bytes]]]:
    """The entries of a stream, each with its blocks; an entry is read to its end before the next one comes.

    Raises:
        DamagedError: the stream is not made of entries, or goes on after its end.
    """
    stream = _Stream(pieces)
    while length := _NAME.unpack(stream.take(_NAME.size))[0]:
        try:
            name = stream.take(length).decode()
        except UnicodeDecodeError as exc:
            raise DamagedError(f"the name of an entry before byte {stream.at} is not UTF-8") from exc
        blocks = _blocks(stream)
        yield name, blocks
        for _ in blocks:
            pass  # what the caller did not want
    if not stream.ended():
        raise DamagedError(f"there is more after the last entry, from byte {stream.at} on")


def _blocks(stream: "_Stream") -> Iterator[bytes]:
    while length := _BLOCK.unpack(stream.take(_BLOCK.size))[0]:
        if length > MAX_BLOCK_BYTES:
            raise DamagedError(
                f"a block of {length} bytes at byte {stream.at}, at most {MAX_BLOCK_BYTES} expected"
            )
        yield stream.take(length)


class _Stream:
    """Pieces of any size, taken in the sizes that are wanted."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._have = bytearray()
        self.at = 0

    def take(self, size: int) -> bytes:
        """Exactly `size` bytes."""
        while len(self._have) < size:
            piece = next(self._pieces, None)
            if piece is None:
                raise DamagedError(
                    f"the entries end at byte {self.at + len(self._have)}, before they are whole"
                )
            self._have += piece
        taken = bytes(self._have[:size])
        del self._have[:size]
        self.at += size
        return taken

    def ended(self) -> bool:
        """Whether nothing follows; reads the rest of the pieces, so that the last one is verified too."""
        return not self._have and not any(self._pieces)
