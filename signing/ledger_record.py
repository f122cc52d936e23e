"""A decision as the ledger keeps it: all that its receipt says, nothing of what was asked (SPEC §9.3).

What the asker chose (the question, its nonce, names of rows) is there only as digests under the record's own salt.
"""

import re
from dataclasses import dataclass
from typing import cast

from signing.bodies.fields import Check, fail, identifier, integer, pattern
from signing.canonical import JSON, canonicalize, parse_canonical, sha256_hex
from signing.errors import MalformedError
from signing.receipt_claims import Receipt, listed, read_claims, write_claims

SALT_BYTES = 16
MAX_RECORD_BYTES = 10 << 20  # 10,000 items of a batch; in base64 it fits into a receipt
_OWN: dict[str, Check] = {
    "n": integer(0),
    "salt": pattern(re.compile(r"[0-9a-f]{32}", re.ASCII), "salt", "32 lower-case hex digits"),
}
_performers = listed(identifier("prf"))
_OUTSIDE = ("iss", "livemode", "node", "jti")  # said by the segment's root, and by the decision's id


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRecord:
    """The `n`-th record of a boot. `performers` are for each item those whom the asker named by their references.

    The receipt's items name this record's digest; nonce, questions and rows are salted (`Receipt.salted`).
    """

    n: int
    performers: tuple[tuple[str, ...], ...]
    receipt: Receipt


def receipt_id(decision_id: str) -> str:
    """The id of the receipt of a decision; a batch's is of its first decision."""
    return f"rcp_{decision_id.removeprefix('dec_')}"


def read_record(data: bytes, *, issuer: str, livemode: bool, node: str) -> LedgerRecord:
    """The record of these bytes, made by that node.

    Raises:
        MalformedError: not in canonical form, or a member at fault.
    """
    payload = parse_canonical(data, max_bytes=MAX_RECORD_BYTES)
    if not isinstance(payload, dict):
        raise MalformedError("record is not an object", rule="type", expected="an object")
    for name, check in _OWN.items():
        if name not in payload:
            fail("missing", f"/{name}", "required")
        check(payload[name], f"/{name}")
    for name in _OUTSIDE:
        if name in payload:
            fail("unknown member", f"/{name}", "unknown_member")
    batch = "items" in payload
    items = _list(payload["items"]) if batch else [payload]
    claims = {name: value for name, value in payload.items() if name not in _OWN}
    digest = sha256_hex(data)
    performers: list[tuple[str, ...]] = []
    if batch:
        claims["items"] = [
            _claims_of(each, digest, f"/items/{at}", performers) for at, each in enumerate(items)
        ]
    else:
        claims = _claims_of(claims, digest, "", performers)
    first = items[0]
    claims |= {
        "iss": issuer,
        "livemode": livemode,
        "node": node,
        "jti": receipt_id(str(first.get("decision_id")) if isinstance(first, dict) else ""),
    }
    return LedgerRecord(
        n=cast("int", payload["n"]),
        performers=tuple(performers),
        receipt=read_claims(claims, batch=batch, salt=cast("str", payload["salt"])),
    )


def write_record(record: LedgerRecord) -> bytes:
    """The bytes of a record; they are read back first. The digests that its items name are left out.

    Raises:
        MalformedError: the value breaks a rule of records.
    """
    receipt = record.receipt
    payload: dict[str, JSON] = write_claims(receipt)
    for name in _OUTSIDE:
        del payload[name]
    items = _list(payload["items"]) if receipt.batch else [payload]
    for item, performers in zip(cast("list[dict[str, JSON]]", items), record.performers, strict=True):
        del item["record_sha256"]
        item["performers"] = list[JSON](performers)
    payload |= {"n": record.n, "salt": receipt.salt}
    data = canonicalize(payload)
    read_record(data, issuer=receipt.issuer, livemode=receipt.livemode, node=receipt.node)
    return data


def _claims_of(item: JSON, digest: str, pointer: str, performers: list[tuple[str, ...]]) -> dict[str, JSON]:
    """An item as a receipt has it; its performers go to `performers`."""
    if not isinstance(item, dict):
        fail("not an object", pointer, "type", "an object")
    if "record_sha256" in item:
        fail("unknown member", f"{pointer}/record_sha256", "unknown_member")
    if "performers" not in item:
        fail("missing", f"{pointer}/performers", "required")
    _performers(item["performers"], f"{pointer}/performers")
    performers.append(tuple(cast("list[str]", item["performers"])))
    return {name: value for name, value in item.items() if name != "performers"} | {"record_sha256": digest}


def _list(value: JSON) -> list[JSON]:
    if not isinstance(value, list) or not value:
        fail("not a list with items", "/items", "type", "a list")
    return value
