"""Receipts: a decision that its asker, and later a court, can hold up (SPEC §9; DESIGN §8 "Receipts").

A process signs with its own key, which the receipt key certified, and the certificate travels in the receipt. Both are
judged at the instant of issue, so that they verify years later; `exp` says only how long the answer was good to
act on.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from signing import jws
from signing.errors import MalformedError, SignatureError, UntrustedError
from signing.instants import format_instant
from signing.private_key import PrivateKey
from signing.process_key import (
    ProcessCertificate,
    certify_process_key,
    check_window,
    verify_process_certificate,
)
from signing.purposes import BATCH_RECEIPT, RECEIPT
from signing.receipt_claims import Receipt, ReceiptItem, read_claims, write_claims
from signing.trust import Trust

__all__ = [
    "MAX_RECEIPT_BYTES",
    "ProcessCertificate",
    "Receipt",
    "ReceiptItem",
    "ReceiptSigner",
    "certify_process_key",
    "sign_receipt",
    "verify_process_certificate",
    "verify_receipt",
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

    def sign(self, receipt: Receipt) -> str:
        """A receipt as compact JWS.

        Raises:
            UntrustedError: issuer, side, node or time are not those that the certificate covers.
            MalformedError: the receipt breaks a rule of receipts.
        """
        return sign_receipt(receipt, signer=self)


def sign_receipt(receipt: Receipt, *, signer: ReceiptSigner) -> str:
    """A receipt as compact JWS by a process key, the certificate in its header.

    Raises:
        UntrustedError: issuer, side, node or time are not those that the certificate covers.
        MalformedError: the receipt breaks a rule of receipts.
    """
    if (receipt.issuer, receipt.livemode, receipt.node) != (signer.issuer, signer.livemode, signer.node):
        raise UntrustedError("receipt is of another issuer, side or node than the process key's certificate")
    if not signer.not_before <= receipt.issued_at < signer.not_after:
        raise UntrustedError(f"process key is not certified at {format_instant(receipt.issued_at)}")
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
    """Verify a receipt, single or batch, of any age; `fresh` then says whether one may still act on it.

    `expected_audience` is the organization that asked; None, to be typed out, takes any: for a desk or a court.

    Raises:
        MalformedError: not a receipt.
        SignatureError: a signature does not hold, or the token is of another purpose.
        UntrustedError: the chain of keys does not reach the trust file, another issuer, audience or side, or issued
            later than `at`, or of the test side without `allow_test`.
    """
    text = _text(token)
    parsed = jws.parse_compact(text, max_bytes=MAX_RECEIPT_BYTES)
    typ, certified = parsed.header.get("typ"), parsed.header.get("cert")
    if typ not in (RECEIPT, BATCH_RECEIPT):
        raise SignatureError(f"token is a {typ!r:.80}, expected {RECEIPT!r} or {BATCH_RECEIPT!r}")
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
    try:
        receipt = read_claims(verified.payload, batch=typ == BATCH_RECEIPT)
    except MalformedError as exc:
        raise exc.under("/payload") from exc
    said = (receipt.issuer, receipt.livemode, receipt.node)
    if said != (certificate.issuer, certificate.livemode, certificate.node):
        raise UntrustedError("receipt is of another issuer, side or node than its process key's certificate")
    check_window(certificate, receipt.issued_at)
    if receipt.issued_at > at + CLOCK_SKEW:
        raise UntrustedError(f"receipt was issued later than now, at {format_instant(receipt.issued_at)}")
    if expected_audience is not None and receipt.audience != expected_audience:
        raise UntrustedError(f"receipt was given to {receipt.audience!r}, expected {expected_audience!r}")
    return receipt


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
