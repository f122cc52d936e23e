"""The signed root of a ledger segment, and a receipt that rests on it (SPEC §9.4, §9.5)."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from signing import jws
from signing.bodies.fields import boolean, fail, integer, pattern, record, sha256, text
from signing.canonical import JSON
from signing.encoding import b64u, unb64u
from signing.errors import MalformedError
from signing.instants import format_numeric_date, parse_numeric_date
from signing.merkle import HASH_BYTES
from signing.private_key import PrivateKey
from signing.purposes import LEDGER_ROOT

MAX_ROOT_BYTES = 8192
MAX_SEGMENT_RECORDS = 1 << 16
MAX_SEGMENT = 1 << 24  # numbers of segments of a boot


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRoot:
    """What was signed over a segment: `count` records from the `first` of a boot on, in a tree under `root`.

    `node` made the records; `sealer` is the node whose key signs, another one where the first died before. It then
    says how many bytes after the last whole record it `dropped`. `chain` is the hash chain's end, `previous` its
    end in the segment before. Hashes are lower-case hex.
    """

    issuer: str
    livemode: bool
    sealer: str
    sealed_at: datetime
    node: str
    boot: str
    segment: int
    first: int
    count: int
    root: str
    previous: str
    chain: str
    dropped: int


_CLAIMS = record(
    {
        "iss": text(300),
        "livemode": boolean,
        "node": text(100),
        "iat": integer(0),
        "of_node": text(100),
        "boot": pattern(re.compile(r"[0-9a-f]{12}", re.ASCII), "boot", "12 lower-case hex digits"),
        "segment": integer(0, MAX_SEGMENT - 1),
        "first": integer(0),
        "count": integer(1, MAX_SEGMENT_RECORDS),
        "root": sha256,
        "previous": sha256,
        "chain": sha256,
        "dropped": integer(0),
    }
)


def sign_root(root: LedgerRoot, *, key: PrivateKey, certificate: str) -> str:
    """The root as compact JWS by a process key, the certificate in its header.

    Raises:
        MalformedError: the value breaks a rule of roots.
    """
    payload: dict[str, JSON] = {
        "iss": root.issuer,
        "livemode": root.livemode,
        "node": root.sealer,
        "iat": format_numeric_date(root.sealed_at),
        "of_node": root.node,
        "boot": root.boot,
        "segment": root.segment,
        "first": root.first,
        "count": root.count,
        "root": root.root,
        "previous": root.previous,
        "chain": root.chain,
        "dropped": root.dropped,
    }
    read_root(payload)
    return jws.sign(payload, typ=LEDGER_ROOT, key=key, header={"cert": certificate})


def read_root(payload: dict[str, JSON]) -> LedgerRoot:
    """The root of a payload, not yet verified by anybody.

    Raises:
        MalformedError: with the pointer of the first member at fault.
    """
    _CLAIMS(payload, "")
    if payload["node"] == payload["of_node"] and payload["dropped"] != 0:
        fail("a node that sealed its own segment dropped bytes", "/dropped", "dropped", "0")
    named = {name: cast("str", payload[name]) for name in ("boot", "root", "previous", "chain")}
    numbers = {name: cast("int", payload[name]) for name in ("segment", "first", "count", "dropped")}
    return LedgerRoot(
        issuer=cast("str", payload["iss"]),
        livemode=payload["livemode"] is True,
        sealer=cast("str", payload["node"]),
        sealed_at=parse_numeric_date(payload["iat"], pointer="/iat"),
        node=cast("str", payload["of_node"]),
        **named,  # type: ignore[arg-type]  # the names of the fields
        **numbers,  # type: ignore[arg-type]
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerReceipt:
    """The parts of a receipt that rests on a segment's root, nothing of them verified."""

    root: str
    record: bytes
    proof: tuple[bytes, ...]


def format_ledger_receipt(parts: LedgerReceipt) -> str:
    """`root ~ record ~ proof`, in one line of ASCII."""
    return f"{parts.root}~{b64u(parts.record)}~{b64u(b''.join(parts.proof))}"


def parse_ledger_receipt(text: str) -> LedgerReceipt:
    """Take a receipt apart.

    Raises:
        MalformedError: not three parts, or not in the one spelling.
    """
    if not isinstance(text, str):
        raise MalformedError("receipt is not a string", rule="type", expected="a string")
    parts = text.split("~")
    if len(parts) != 3:
        raise MalformedError(
            f"receipt has {len(parts)} parts, expected 3", rule="receipt", expected="3 parts"
        )
    proof = unb64u(parts[2])
    if len(proof) % HASH_BYTES:
        raise MalformedError("proof is not a list of hashes", rule="length", expected="32 bytes each")
    return LedgerReceipt(
        root=parts[0],
        record=unb64u(parts[1]),
        proof=tuple(proof[at : at + HASH_BYTES] for at in range(0, len(proof), HASH_BYTES)),
    )
