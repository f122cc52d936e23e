"""The bytes of a segment: frames with a checksum that runs on from the frame before (SPEC §9.6 of `signing`)."""

import hashlib
import struct
from dataclasses import dataclass
from zlib import crc32

from consent.check.ledger.errors import SegmentBrokenError
from signing import jws
from signing.canonical import JSON, canonicalize, parse, parse_canonical
from signing.errors import SigningError
from signing.ledger_record import MAX_RECORD_BYTES
from signing.ledger_root import MAX_ROOT_BYTES, LedgerRoot, read_root
from signing.merkle import leaf_hash, tree_root

MAGIC = b"consent-ledger/v1\n"
NO_CHAIN = bytes(32)
_FRAME = struct.Struct(">IIB")
FRAME_BYTES = _FRAME.size
_HEADER, _RECORD, _TRAILER = ord("H"), ord("R"), ord("T")
_LONGEST = {_HEADER: 1024, _RECORD: MAX_RECORD_BYTES, _TRAILER: MAX_ROOT_BYTES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a segment says of itself before its first record. `previous` is the chain's end before it."""

    livemode: bool
    node: str
    boot: str
    segment: int
    first: int
    previous: bytes

    def to_bytes(self) -> bytes:
        """In canonical form."""
        return canonicalize(
            {
                "boot": self.boot,
                "first": self.first,
                "livemode": self.livemode,
                "node": self.node,
                "previous": self.previous.hex(),
                "segment": self.segment,
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """The whole frames of a segment: where the records stand, the chain after them, and how long they are.

    `root` is the trailer's token, None while it is not sealed. Bytes from `whole` on are no whole frame.
    """

    header: Header
    records: tuple[slice, ...]
    digests: tuple[bytes, ...]
    chain: bytes
    records_end: int
    whole: int
    root: str | None


def begin(header: Header) -> tuple[bytes, bytes]:
    """The bytes that a segment begins with, and the chain after them."""
    body = header.to_bytes()
    chain = hashlib.sha256(header.previous + hashlib.sha256(body).digest()).digest()
    return MAGIC + _frame(_HEADER, body, NO_CHAIN), chain


def record_frame(body: bytes, chain: bytes) -> bytes:
    """A record behind what has that chain."""
    return _FRAME.pack(len(body), crc32(body, crc32(chain + b"R")), _RECORD) + body


def trailer_frame(root: str, chain: bytes) -> bytes:
    """The signed root behind the last record."""
    return _frame(_TRAILER, root.encode("ascii"), chain)


def next_chain(chain: bytes, digest: bytes) -> bytes:
    """The chain after a record of that SHA-256."""
    return hashlib.sha256(chain + digest).digest()


def scan(data: bytes) -> Scanned:
    """Read as many whole frames as there are.

    Raises:
        SegmentBrokenError: it does not even begin like a segment.
    """
    if not data.startswith(MAGIC):
        raise SegmentBrokenError("segment does not begin with its format")
    found = _read_frame(data, len(MAGIC), NO_CHAIN)
    if found is None or found[0] != _HEADER:
        raise SegmentBrokenError(f"segment has no whole header at byte {len(MAGIC)}")
    header = _read_header(data[found[1]])
    _, chain = begin(header)
    at = found[1].stop
    records: list[slice] = []
    digests: list[bytes] = []
    records_end, root = at, None
    while root is None and (found := _read_frame(data, at, chain)) is not None:
        kind, body = found
        if kind == _HEADER:
            break
        at = body.stop
        if kind == _TRAILER:
            root = data[body].decode("ascii", "replace")
            break
        digest = hashlib.sha256(data[body]).digest()
        records.append(body)
        digests.append(digest)
        chain, records_end = next_chain(chain, digest), at
    return Scanned(
        header=header,
        records=tuple(records),
        digests=tuple(digests),
        chain=chain,
        records_end=records_end,
        whole=at,
        root=root,
    )


def scan_sealed(data: bytes) -> tuple[Scanned, LedgerRoot]:
    """Read a sealed segment, whose root must be of exactly these records. Its signature is not verified here.

    Raises:
        SegmentBrokenError: torn, not sealed, or not what the root says; the message has the position.
    """
    found = scan(data)
    if found.root is None or found.whole != len(data):
        raise SegmentBrokenError(f"segment is not whole from byte {found.whole} of {len(data)} on")
    try:
        payload = parse(jws.parse_compact(found.root, max_bytes=MAX_ROOT_BYTES).payload_bytes)
        if not isinstance(payload, dict):
            raise SegmentBrokenError("root of the segment is not an object")
        root = read_root(payload)
    except SigningError as exc:
        raise SegmentBrokenError(f"root of the segment cannot be read: {exc}") from exc
    header = found.header
    said = (root.livemode, root.node, root.boot, root.segment, root.first, root.previous, root.count)
    is_so = (
        header.livemode,
        header.node,
        header.boot,
        header.segment,
        header.first,
        header.previous.hex(),
        len(found.records),
    )
    if said != is_so or root.chain != found.chain.hex() or root.root != merkle_root(found.digests):
        raise SegmentBrokenError("segment is another one than its root says")
    return found, root


def merkle_root(digests: tuple[bytes, ...] | list[bytes]) -> str:
    """The root over records of these SHA-256, hex."""
    return tree_root([leaf_hash(each) for each in digests]).hex()


def _frame(kind: int, body: bytes, chain: bytes) -> bytes:
    # CRC-32 of zlib, not CRC-32C: it is in the standard library, and only tells torn from whole; the chain and the
    # signed root are what nobody can forge.
    crc = crc32(body, crc32(chain + bytes((kind,))))
    return _FRAME.pack(len(body), crc, kind) + body


def _read_frame(data: bytes, at: int, chain: bytes) -> tuple[int, slice] | None:
    """Kind and body of the frame at `at`; None where there is no whole one."""
    if at + FRAME_BYTES > len(data):
        return None
    length, crc, kind = _FRAME.unpack_from(data, at)
    start = at + FRAME_BYTES
    if length > _LONGEST.get(kind, 0) or start + length > len(data):
        return None
    body = data[start : start + length]
    if crc32(body, crc32(chain + bytes((kind,)))) != crc:
        return None
    return kind, slice(start, start + length)


def _read_header(body: bytes) -> Header:
    try:
        value = parse_canonical(body)
    except SigningError as exc:
        raise SegmentBrokenError(f"header of the segment cannot be read: {exc}") from exc
    match value:
        case {
            "boot": str(boot),
            "first": int(first),
            "livemode": bool(livemode),
            "node": str(node),
            "previous": str(previous),
            "segment": int(segment),
        } if isinstance(value, dict) and len(value) == 6 and _is_hash(previous):
            return Header(
                livemode=livemode,
                node=node,
                boot=boot,
                segment=segment,
                first=first,
                previous=bytes.fromhex(previous),
            )
        case _:
            raise SegmentBrokenError("header of the segment is not of this format")


def _is_hash(value: JSON) -> bool:
    return isinstance(value, str) and len(value) == 64 and set(value) <= set("0123456789abcdef")
