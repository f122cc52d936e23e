"""What a receipt says, as a value and as the payload of a JWS (SPEC §9.2; SHAPES "Receipt")."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, cast

from signing.bodies.fields import (
    Check,
    boolean,
    fail,
    identifier,
    integer,
    nullable,
    one_of,
    pattern,
    record,
    sequence,
    sha256,
    text,
    token,
)
from signing.canonical import JSON
from signing.instants import format_instant_ms, format_numeric_date, parse_instant_ms, parse_numeric_date

MAX_ITEMS = 10_000  # DESIGN §8 "Lane": rows of a batch
MAX_VALIDITY = timedelta(hours=24)  # law page §B.7: a training start; DECIDING 29 gives inference 300 s
MAX_LIST = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptItem:
    """One decision. `req_sha256` is of the completed request, `record_sha256` of its record in the ledger.

    `row` is the caller's own name of a row of a batch, None where there is none; `attester` is who attests that
    a persona is fictional, None where none is.
    """

    decision_id: str
    req_sha256: str
    decision: Literal["allow", "deny"]
    reasons: tuple[str, ...]
    obligations: tuple[str, ...]
    grants: tuple[str, ...]
    record_sha256: str
    row: str | None = None
    attester: str | None = None

    @property
    def allowed(self) -> bool:
        """Whether this decision is an allow."""
        return self.decision == "allow"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Who was answered what, when, and at which position of the registry's history.

    `audience` asked; `licensee` is the organization whose consents were asked about. Instants are whole seconds,
    but for `as_of`, which has milliseconds. A batch has any number of items, otherwise there is exactly one.

    With a `salt` (hex), nonce, questions and rows are not themselves here but as `salted` digests: such a receipt rests
    on the ledger, which knows nothing else of them.
    """

    receipt_id: str
    issuer: str
    audience: str
    licensee: str
    livemode: bool
    issued_at: datetime
    expires_at: datetime
    nonce: str | None
    position: str
    seq: int
    as_of: datetime
    node: str
    batch: bool
    items: tuple[ReceiptItem, ...]
    salt: str | None = None

    @property
    def item(self) -> ReceiptItem:
        """The one decision of a receipt that is no batch.

        Raises:
            ValueError: it is a batch, whose items stand each for itself.
        """
        if self.batch:
            raise ValueError("a batch receipt has items, not one decision")
        return self.items[0]

    def salted(self, value: str) -> str:
        """The form in which this receipt names a nonce, a row, or the digest of a question."""
        return value if self.salt is None else salted(value, bytes.fromhex(self.salt))

    def fresh(self, at: datetime) -> bool:
        """Whether the answer was good to act on at that instant. A stale receipt proves what it always proved."""
        return self.issued_at <= at < self.expires_at


def salted(value: str, salt: bytes) -> str:
    """SHA-256(salt ‖ value), hex; all salts have one length."""
    return hashlib.sha256(salt + value.encode()).hexdigest()


def listed(member: Check, *, longest: int = MAX_LIST) -> Check:
    """A list that may be empty: a receipt is an answer, and an answer says "none"."""
    full = sequence(member, longest=longest)

    def check(value: JSON, pointer: str) -> None:
        if value != []:
            full(value, pointer)

    return check


# Opaque: it names node, boot and record, so its length is the node's affair (DESIGN §8 "Receipts").
_decision_id = pattern(re.compile(r"dec_[A-Za-z0-9_-]{1,120}", re.ASCII), "id", "dec_…")
_HEAD: dict[str, Check] = {
    "iss": text(300),
    "aud": identifier("org"),
    "sub": identifier("org"),
    "jti": identifier("rcp"),
    "iat": integer(0),
    "exp": integer(0),
    "nonce": nullable(text(128)),
    "livemode": boolean,
    "position": text(400),
    "seq": integer(-1),  # −1: nothing has happened yet
    "as_of": text(24),
    "node": text(100),
}
_ITEM: dict[str, Check] = {
    "decision_id": _decision_id,
    "req_sha256": sha256,
    "decision": one_of("allow", "deny"),
    "reasons": listed(token),
    "obligations": listed(token),
    "grants": listed(identifier("grt")),
    "record_sha256": sha256,
}
_ATTESTER: dict[str, Check] = {"attester": text(200)}
_SINGLE = record({**_HEAD, **_ITEM}, _ATTESTER)
_BATCH = record(
    {**_HEAD, "items": sequence(record(_ITEM, {**_ATTESTER, "id": text(128)}), longest=MAX_ITEMS)}
)


def read_claims(payload: dict[str, JSON], *, batch: bool, salt: str | None = None) -> Receipt:
    """The receipt of a payload, not yet verified by anybody; `salt` is that of a ledger's record.

    Raises:
        MalformedError: with the pointer of the first member at fault.
    """
    (_BATCH if batch else _SINGLE)(payload, "")
    issued_at = parse_numeric_date(payload["iat"], pointer="/iat")
    expires_at = parse_numeric_date(payload["exp"], pointer="/exp")
    if not timedelta(0) < expires_at - issued_at <= MAX_VALIDITY:
        fail("validity is empty or too long", "/exp", "window", "at most 24 hours after iat")
    listed = cast("list[dict[str, JSON]]", payload["items"]) if batch else [payload]
    items = tuple(_read_item(each, f"/items/{index}" if batch else "") for index, each in enumerate(listed))
    named = {name: cast("str", payload[name]) for name in ("jti", "iss", "aud", "sub", "position", "node")}
    return Receipt(
        receipt_id=named["jti"],
        issuer=named["iss"],
        audience=named["aud"],
        licensee=named["sub"],
        livemode=payload["livemode"] is True,
        issued_at=issued_at,
        expires_at=expires_at,
        nonce=cast("str | None", payload["nonce"]),
        position=named["position"],
        seq=cast("int", payload["seq"]),
        as_of=parse_instant_ms(payload["as_of"], pointer="/as_of"),
        node=named["node"],
        batch=batch,
        items=items,
        salt=salt,
    )


def write_claims(receipt: Receipt) -> dict[str, JSON]:
    """The payload that says what `receipt` says; it is read back before it is signed.

    Raises:
        MalformedError: the value breaks a rule of receipts.
    """
    payload: dict[str, JSON] = {
        "iss": receipt.issuer,
        "aud": receipt.audience,
        "sub": receipt.licensee,
        "jti": receipt.receipt_id,
        "iat": format_numeric_date(receipt.issued_at),
        "exp": format_numeric_date(receipt.expires_at),
        "nonce": receipt.nonce,
        "livemode": receipt.livemode,
        "position": receipt.position,
        "seq": receipt.seq,
        "as_of": format_instant_ms(receipt.as_of),
        "node": receipt.node,
    }
    if receipt.batch:
        payload["items"] = [_write_item(each) for each in receipt.items]
    else:
        payload |= _write_item(receipt.item)
    read_claims(payload, batch=receipt.batch)
    return payload


def _read_item(members: Mapping[str, JSON], pointer: str) -> ReceiptItem:
    decision = cast("Literal['allow', 'deny']", members["decision"])
    reasons, obligations, grants = (
        tuple(cast("list[str]", members[name])) for name in ("reasons", "obligations", "grants")
    )
    if decision == "deny" and not reasons:  # STYLE 24: a denial explains itself
        fail("a denial without a reason", f"{pointer}/reasons", "reasons", "one reason at least")
    if decision == "deny" and (grants or obligations):
        fail("a denial with grants or obligations", f"{pointer}/grants", "deny", "none")
    return ReceiptItem(
        decision_id=cast("str", members["decision_id"]),
        req_sha256=cast("str", members["req_sha256"]),
        decision=decision,
        reasons=reasons,
        obligations=obligations,
        grants=grants,
        record_sha256=cast("str", members["record_sha256"]),
        row=cast("str | None", members.get("id")),
        attester=cast("str | None", members.get("attester")),
    )


def _write_item(item: ReceiptItem) -> dict[str, JSON]:
    members: dict[str, JSON] = {
        "decision_id": item.decision_id,
        "req_sha256": item.req_sha256,
        "decision": item.decision,
        "reasons": list[JSON](item.reasons),
        "obligations": list[JSON](item.obligations),
        "grants": list[JSON](item.grants),
        "record_sha256": item.record_sha256,
    }
    if item.row is not None:
        members["id"] = item.row
    if item.attester is not None:
        members["attester"] = item.attester
    return members
