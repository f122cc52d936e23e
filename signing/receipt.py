"""Receipts: a decision that its asker, and later a court, can hold up (SPEC §9; DESIGN §8 "Receipts").

A process signs with its own key, which the receipt key certified, and the certificate travels in the receipt. Both are
judged at the instant of issue, so that they verify years later; `exp` says only how long the answer was good to
act on. A deferred receipt is a record of the ledger with its path to the signed root of its segment: one signature
for all decisions of about a second.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from signing import jws
from signing.batch_receipt import BatchRows, write_batch
from signing.canonical import JSON
from signing.errors import MalformedError, SignatureError, UntrustedError
from signing.instants import format_instant
from signing.ledger_record import read_record
from signing.ledger_root import MAX_ROOT_BYTES, LedgerRoot, parse_ledger_receipt, read_root, sign_root
from signing.merkle import leaf_hash, verify_inclusion
from signing.private_key import PrivateKey
from signing.process_key import (
    ProcessCertificate,
    certify_process_key,
    check_window,
    verify_process_certificate,
)
from signing.purposes import BATCH_RECEIPT, LEDGER_ROOT, RECEIPT
from signing.receipt_claims import Receipt, ReceiptItem, read_claims, write_claims
from signing.trust import Trust

__all__ = [
    "MAX_RECEIPT_BYTES",
    "BatchRows",
    "ProcessCertificate",
    "Receipt",
    "ReceiptItem",
    "ReceiptSigner",
    "certify_process_key",
    "sign_receipt",
    "verify_process_certificate",
    "verify_receipt",
    "verify_root",
]

MAX_RECEIPT_BYTES = 16 << 20  # 10,000 items of a batch, some 800 bytes each in base64
CLOCK_SKEW = timedelta(seconds=60)  # law page §B.7 "Failure": a clock further off is an error


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptSigner:
    """A process's key and its certificate. It signs only what its certificate covers."""

    private: PrivateKey
    certificate: str
    issuer: str
    livemode: bool
    node: str
    not_before: datetime
    not_after: datetime
    _prepared: dict[str, jws.PreparedJws] = field(default_factory=dict, init=False, repr=False, compare=False)

    def prepared(self, typ: str) -> jws.PreparedJws:
        """What signs payloads of one kind, with its certificate in a header that is made once."""
        made = self._prepared.get(typ)
        if made is None:
            made = jws.PreparedJws(typ=typ, key=self.private, header={"cert": self.certificate})
            self._prepared[typ] = made
        return made

    def sign(self, receipt: Receipt) -> str:
        """A receipt as compact JWS.

        Raises:
            UntrustedError: issuer, side, node or time are not those that the certificate covers.
            MalformedError: the receipt breaks a rule of receipts.
        """
        return sign_receipt(receipt, signer=self)

    def sign_batch(self, receipt: Receipt, rows: BatchRows) -> str:
        """The receipt of a batch as compact JWS: of its `items`, each as often as `rows` say.

        Raises:
            UntrustedError: issuer, side, node or time are not those that the certificate covers.
            MalformedError: receipt or rows break a rule of receipts.
        """
        self._check_covers(receipt)
        return self.prepared(BATCH_RECEIPT).sign(write_batch(receipt, rows))

    def sign_root(self, root: LedgerRoot) -> str:
        """The root of a ledger segment as compact JWS.

        Raises:
            UntrustedError: issuer, side, sealing node or time are not those that the certificate covers.
            MalformedError: the root breaks a rule of roots.
        """
        if (root.issuer, root.livemode, root.sealer) != (self.issuer, self.livemode, self.node):
            raise UntrustedError("root is of another issuer, side or node than the process key's certificate")
        if not self.not_before <= root.sealed_at < self.not_after:
            raise UntrustedError(f"process key is not certified at {format_instant(root.sealed_at)}")
        return sign_root(root, key=self.private, certificate=self.certificate)

    def _check_covers(self, receipt: Receipt) -> None:
        if (receipt.issuer, receipt.livemode, receipt.node) != (self.issuer, self.livemode, self.node):
            raise UntrustedError(
                "receipt is of another issuer, side or node than the process key's certificate"
            )
        if not self.not_before <= receipt.issued_at < self.not_after:
            raise UntrustedError(f"process key is not certified at {format_instant(receipt.issued_at)}")


def sign_receipt(receipt: Receipt, *, signer: ReceiptSigner) -> str:
    """A receipt as compact JWS by a process key, the certificate in its header.

    Raises:
        UntrustedError: issuer, side, node or time are not those that the certificate covers.
        MalformedError: the receipt breaks a rule of receipts.
    """
    signer._check_covers(receipt)
    return jws.sign(
        write_claims(receipt),
        typ=BATCH_RECEIPT if receipt.batch else RECEIPT,
        key=signer.private,
        header={"cert": signer.certificate},
    )


def verify_receipt(
    token: str | bytes,
    *,
    trust: Trust,
    at: datetime,
    expected_audience: str | None,
    allow_test: bool = False,
) -> Receipt:
    """Verify a receipt, of one decision or a batch, inline or deferred, of any age.

    `fresh` then says whether one may still act on it.

    `expected_audience` is the organization that asked; None, to be typed out, takes any: for a desk or a court.

    Raises:
        MalformedError: not a receipt.
        SignatureError: a signature does not hold, or the token is of another purpose.
        UntrustedError: the chain of keys does not reach the trust file, another issuer, audience or side, or issued
            later than `at`, or of the test side without `allow_test`.
    """
    text = _text(token)
    receipt = _of_ledger(text, trust, allow_test) if "~" in text else _signed(text, trust, allow_test)
    if receipt.issued_at > at + CLOCK_SKEW:
        raise UntrustedError(f"receipt was issued later than now, at {format_instant(receipt.issued_at)}")
    if expected_audience is not None and receipt.audience != expected_audience:
        raise UntrustedError(f"receipt was given to {receipt.audience!r}, expected {expected_audience!r}")
    return receipt


def verify_root(token: str, *, trust: Trust, allow_test: bool = False) -> LedgerRoot:
    """Verify the signed root of a ledger segment, of any age.

    Raises:
        MalformedError, SignatureError, UntrustedError: as `verify_receipt`.
    """
    parsed = jws.parse_compact(token, max_bytes=MAX_ROOT_BYTES)
    payload, certificate = _payload(parsed, token, LEDGER_ROOT, trust, allow_test)
    try:
        root = read_root(payload)
    except MalformedError as exc:
        raise exc.under("/payload") from exc
    if (root.issuer, root.livemode, root.sealer) != (
        certificate.issuer,
        certificate.livemode,
        certificate.node,
    ):
        raise UntrustedError("root is of another issuer, side or node than its process key's certificate")
    check_window(certificate, root.sealed_at)
    return root


def _signed(text: str, trust: Trust, allow_test: bool) -> Receipt:
    """A receipt with a signature of its own."""
    parsed = jws.parse_compact(text, max_bytes=MAX_RECEIPT_BYTES)
    typ = parsed.header.get("typ")
    if typ not in (RECEIPT, BATCH_RECEIPT):
        raise SignatureError(f"token is a {typ!r:.80}, expected {RECEIPT!r} or {BATCH_RECEIPT!r}")
    payload, certificate = _payload(parsed, text, typ, trust, allow_test)
    try:
        receipt = read_claims(payload, batch=typ == BATCH_RECEIPT)
    except MalformedError as exc:
        raise exc.under("/payload") from exc
    said = (receipt.issuer, receipt.livemode, receipt.node)
    if said != (certificate.issuer, certificate.livemode, certificate.node):
        raise UntrustedError("receipt is of another issuer, side or node than its process key's certificate")
    check_window(certificate, receipt.issued_at)
    return receipt


def _of_ledger(text: str, trust: Trust, allow_test: bool) -> Receipt:
    """A record of the ledger under its segment's signed root (SPEC §9.5)."""
    if len(text) > MAX_RECEIPT_BYTES:
        raise MalformedError(f"{len(text)} bytes, at most {MAX_RECEIPT_BYTES}", rule="max_bytes")
    parts = parse_ledger_receipt(text)
    root = verify_root(parts.root, trust=trust, allow_test=allow_test)
    try:
        record = read_record(parts.record, issuer=root.issuer, livemode=root.livemode, node=root.node)
    except MalformedError as exc:
        raise exc.under("/record") from exc
    verify_inclusion(
        index=record.n - root.first,
        size=root.count,
        leaf=leaf_hash(hashlib.sha256(parts.record).digest()),
        proof=parts.proof,
        root=bytes.fromhex(root.root),
    )
    if record.receipt.issued_at > root.sealed_at:
        raise UntrustedError("record is younger than the root that it rests on")
    return record.receipt


def _payload(
    parsed: jws.ParsedJws, text: str, typ: str, trust: Trust, allow_test: bool
) -> tuple[dict[str, JSON], ProcessCertificate]:
    """The payload of a token whose signature and chain of keys hold."""
    certified = parsed.header.get("cert")
    if not isinstance(certified, str):
        raise MalformedError("missing or not a string", pointer="/header/cert", rule="jws_header")
    certificate = _certificate(certified, trust=trust, allow_test=allow_test)
    verified = jws.verify(
        text,
        expected_typ=typ,
        key=certificate.key,
        expected_header=("cert",),
        max_bytes=MAX_RECEIPT_BYTES,
    )
    return verified.payload, certificate


def _certificate(token: str, *, trust: Trust, allow_test: bool) -> ProcessCertificate:
    """The certificate, of whichever side the trust file puts its key on; the test side only where allowed."""
    kid = jws.read_kid(token)
    side = next((each.livemode for each in trust.keys if each.kid == kid), True)
    if not side and not allow_test:
        raise UntrustedError("receipt is of the test side, and allow_test was not said")
    return verify_process_certificate(token, trust=trust, expected_livemode=side)


def _text(token: str | bytes) -> str:
    if isinstance(token, str):
        return token.removesuffix("\n")
    if len(token) > MAX_RECEIPT_BYTES:
        raise MalformedError(f"{len(token)} bytes, at most {MAX_RECEIPT_BYTES}", rule="max_bytes")
    try:
        return token.decode("ascii").removesuffix("\n")
    except UnicodeDecodeError as exc:
        raise MalformedError(f"receipt is not ASCII at byte {exc.start}", rule="jws") from exc
