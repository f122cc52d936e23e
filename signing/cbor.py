"""The CBOR that authenticators speak, and no more of it (SPEC §5.2).

CTAP 2.1 §8 "Message Encoding": integers, byte and text strings, arrays, maps and the simple values
false, true and null; shortest and definite lengths, no tags, no floats, no member twice. WebAuthn L3
§2.4 asks decoders to reject anything else. The order of map members is checked where bytes must be
reproducible (`cose.py`): browsers in the field print attestation objects in another order.
"""

from typing import TypeAlias

from signing.errors import MalformedError

CBOR: TypeAlias = "bool | int | bytes | str | list[CBOR] | dict[int | str, CBOR] | None"

MAX_DEPTH = 4  # CTAP 2.1 §8: "maximum nesting depth of 4 levels"
MAX_MEMBERS = 256  # of one map: names are hashed predictably, and the field shows a dozen
_SIMPLE: dict[int, bool | None] = {20: False, 21: True, 22: None}


def decode(data: bytes) -> CBOR:
    """The one item that `data` is.

    Raises:
        MalformedError: not CBOR of this form, or bytes are left over.
    """
    value, rest = decode_prefix(data)
    if rest:
        raise MalformedError(f"{len(rest)} bytes after the CBOR item", rule="cbor")
    return value


def decode_prefix(data: bytes) -> tuple[CBOR, bytes]:
    """The item that `data` begins with, and the bytes after it.

    Raises:
        MalformedError: not CBOR of this form.
    """
    reader = _Reader(data)
    value = reader.item(MAX_DEPTH)
    return value, data[reader.at :]


def encode(value: CBOR) -> bytes:
    """CTAP2 canonical CBOR of a value: map members shorter names first, then bytewise."""
    match value:
        case bool() | None:
            return bytes([0xE0 | next(code for code, simple in _SIMPLE.items() if simple is value)])
        case int():
            return _head(0, value) if value >= 0 else _head(1, -1 - value)
        case bytes():
            return _head(2, len(value)) + value
        case str():
            encoded = value.encode("utf-8")
            return _head(3, len(encoded)) + encoded
        case list():
            return _head(4, len(value)) + b"".join(encode(item) for item in value)
        case dict():
            members = sorted(
                ((encode(name), encode(item)) for name, item in value.items()),
                key=lambda pair: (len(pair[0]), pair[0]),
            )
            return _head(5, len(value)) + b"".join(name + item for name, item in members)


def _head(major: int, argument: int) -> bytes:
    if argument < 24:
        return bytes([major << 5 | argument])
    for code, size in ((24, 1), (25, 2), (26, 4)):
        if argument < 1 << (8 * size):
            return bytes([major << 5 | code]) + argument.to_bytes(size, "big")
    return bytes([major << 5 | 27]) + argument.to_bytes(8, "big")


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, count: int) -> bytes:
        if count > len(self.data) - self.at:
            raise MalformedError(f"CBOR ends at byte {len(self.data)}, inside an item", rule="cbor")
        taken = self.data[self.at : self.at + count]
        self.at += count
        return taken

    def argument(self, code: int) -> int:
        if code < 24:
            return code
        if code > 27:
            raise MalformedError(f"CBOR indefinite or reserved length before byte {self.at}", rule="cbor")
        size = 1 << (code - 24)
        value = int.from_bytes(self.take(size), "big")
        if value < (24 if size == 1 else 1 << (4 * size)):
            raise MalformedError(f"CBOR length is not the shortest before byte {self.at}", rule="cbor")
        return value

    def item(self, room: int) -> CBOR:
        major, code = divmod(self.take(1)[0], 32)
        if major in (4, 5) and room == 0:
            raise MalformedError(f"CBOR nested deeper than {MAX_DEPTH}", rule="cbor")
        if major == 7 and code in _SIMPLE:
            return _SIMPLE[code]
        if major >= 6:
            raise MalformedError(f"CBOR tag, float or simple value before byte {self.at}", rule="cbor")
        argument = self.argument(code)
        value: CBOR
        match major:
            case 0:
                value = argument
            case 1:
                value = -1 - argument
            case 2:
                value = self.take(argument)
            case 3:
                value = self.text(argument)
            case 4:
                value = [self.item(room - 1) for _ in self.counted(argument)]
            case _:
                value = self.members(argument, room)
        return value

    def counted(self, count: int) -> range:
        if count > len(self.data) - self.at:  # each item takes a byte at least: no allocation by promise
            raise MalformedError(f"CBOR announces {count} items before byte {self.at}", rule="cbor")
        return range(count)

    def text(self, length: int) -> str:
        try:
            return self.take(length).decode("utf-8")
        except UnicodeDecodeError as exc:
            raise MalformedError(f"CBOR text before byte {self.at} is not UTF-8", rule="cbor") from exc

    def members(self, count: int, room: int) -> dict[int | str, CBOR]:
        if count > MAX_MEMBERS:
            raise MalformedError(f"CBOR map of {count} members, at most {MAX_MEMBERS}", rule="cbor")
        members: dict[int | str, CBOR] = {}
        for _ in self.counted(count):
            name = self.item(0)
            if isinstance(name, bool) or not isinstance(name, int | str):
                raise MalformedError(f"CBOR map name before byte {self.at} is no number or text", rule="cbor")
            if name in members:
                raise MalformedError(f"CBOR map has {name!r:.40} twice", rule="cbor")
            members[name] = self.item(room - 1)
        return members
