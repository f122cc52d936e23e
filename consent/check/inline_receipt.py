"""Receipts that leave with their answers: claims by a typed encoder, behind a header that is made once a key."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec import UNSET, UnsetType

from consent.check.ledger.single import Single
from consent.check.moments import second_of
from consent.check.process_keys import ProcessKeys
from signing.errors import UntrustedError
from signing.ledger_record import receipt_id
from signing.purposes import RECEIPT


# Members stand in the order of their names: msgspec writes them as RFC 8785 does (SPEC §9.2 of `signing`).
class _Claims(msgspec.Struct, gc=False):
    as_of: str
    attester: str | UnsetType
    aud: str
    decision: str
    decision_id: str
    exp: int
    grants: Sequence[str]
    iat: int
    iss: str
    jti: str
    livemode: bool
    node: str
    nonce: str | None
    obligations: Sequence[str]
    position: str
    reasons: Sequence[str]
    record_sha256: str
    req_sha256: str
    seq: int
    sub: str


_ENCODE = msgspec.json.Encoder().encode


class InlineReceipts:
    """The receipts of single decisions, by this process's keys. Safe to share between threads."""

    def __init__(self, keys: ProcessKeys) -> None:
        self._keys = keys

    def sign(
        self, single: Single, *, livemode: bool, decision_id: str, record_sha256: str, at: datetime
    ) -> str:
        """The receipt of what was kept, as `signing.receipt.sign_receipt` would make it.

        Raises:
            UntrustedError: no key of this process is certified at that instant.
        """
        signer = self._keys.signer(livemode, at=at)
        if not second_of(signer.not_before) <= single.issued_s < second_of(signer.not_after):
            raise UntrustedError("process key is not certified at the receipt's instant")
        return signer.prepared(RECEIPT).sign(
            _ENCODE(
                _Claims(
                    single.as_of,
                    UNSET if single.attester is None else single.attester,
                    single.audience,
                    single.decision,
                    decision_id,
                    single.expires_s,
                    single.grants,
                    single.issued_s,
                    signer.issuer,
                    receipt_id(decision_id),
                    livemode,
                    signer.node,
                    single.nonce,
                    single.obligations,
                    single.position,
                    single.reasons,
                    record_sha256,
                    single.req_sha256,
                    single.seq,
                    single.licensee,
                )
            )
        )
