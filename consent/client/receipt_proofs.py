"""Log proofs of receipts: fetched once the decision stands in the published log, and verified before they are kept."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from consent.client.errors import BadRequest, ConfigurationError, Unavailable, UnreliableAnswer
from consent.client.exchange import Exchange
from consent.client.files import write_whole
from signing.errors import MalformedError, SigningError
from signing.receipt import Receipt, verify_receipt
from signing.receipt_proof import (
    MAX_RECEIPT_PROOF_BYTES,
    ProvenReceipt,
    format_receipt_proof,
    parse_receipt_proof,
    verify_receipt_proof,
)
from signing.trust import Trust

SUFFIX = ".proof.json"
LOOK_EVERY_S = 2.0  # the history commits about every ten seconds, the log is published every second


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptProof:
    """A receipt with its log proof in one file, verified. Whoever holds it needs no receipt key and no registry."""

    data: bytes = field(repr=False)
    proven: ProvenReceipt

    def save(self, path: str | Path, *, replace: bool = True) -> Path:
        """Write the file; its path. Raises ConfigurationError when it cannot be written."""
        path = Path(path)
        write_whole(path, self.data, replace=replace)
        return path


def fetch_receipt_proof(
    receipt: str | bytes,
    *,
    exchange: Exchange,
    trust: Trust | None,
    livemode: bool,
    now: Callable[[], datetime],
    sleep: Callable[[float], None],
    wait_s: float,
) -> KeptProof:
    """The proof of a receipt, enclosing it. Looked for again until `wait_s` seconds have passed.

    Raises:
        ConfigurationError: there is no trust file to verify with, or this is no receipt that verifies.
        Unavailable: no published checkpoint covers the decision yet, or the registry cannot be asked.
        UnreliableAnswer: what came does not prove the receipt.
    """
    if trust is None:
        raise ConfigurationError(
            "expected a trust file to verify the proof with, got none: run `consent trust fetch`, compare the "
            "thumbprints, and set CONSENT_TRUST"
        )
    said, token = _receipt(receipt, trust=trust, at=now(), livemode=livemode)
    data = _looked_for(said.items[0].decision_id, exchange=exchange, sleep=sleep, wait_s=wait_s)
    try:
        whole = format_receipt_proof(parse_receipt_proof(data).with_receipt(token))
        proven = verify_receipt_proof(
            whole, trust=trust, at=now(), expected_audience=said.audience, allow_test=not livemode
        )
    except SigningError as exc:
        raise UnreliableAnswer(f"what came does not prove the receipt: {exc}") from exc
    return KeptProof(data=whole, proven=proven)


def _receipt(receipt: str | bytes, *, trust: Trust, at: datetime, livemode: bool) -> tuple[Receipt, str]:
    try:
        token = (receipt.decode("ascii") if isinstance(receipt, bytes) else receipt).strip()
        said = verify_receipt(token, trust=trust, at=at, expected_audience=None, allow_test=not livemode)
    except UnicodeDecodeError as exc:
        raise ConfigurationError("expected a receipt, got other bytes") from exc
    except MalformedError as exc:
        raise ConfigurationError(f"expected a receipt, got something else: {exc}") from exc
    except SigningError as exc:
        raise ConfigurationError(f"expected a receipt that verifies: {exc}") from exc
    return said, token


def _looked_for(
    decision_id: str, *, exchange: Exchange, sleep: Callable[[float], None], wait_s: float
) -> bytes:
    waited_s = 0.0
    while True:
        try:
            path = f"/v1/receipts/{decision_id}/proof"
            return exchange.get(path, max_bytes=MAX_RECEIPT_PROOF_BYTES).raw
        except BadRequest as exc:
            if exc.status != 404:
                raise
            if waited_s >= wait_s:
                raise Unavailable(
                    f"no published checkpoint covers {decision_id} yet: it takes about fifteen seconds, ask again"
                ) from exc
        sleep(LOOK_EVERY_S)
        waited_s += LOOK_EVERY_S
