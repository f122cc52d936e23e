"""A ledger in a test: real files, real keys, and what the registry would say of its decisions.

Imported only inside tests and fixtures: the ports need Django to be set up.
"""

import atexit
import os
import shutil
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from consent.check.ledger.batch import BatchDraft, BatchItem
from consent.check.ledger.decision_ids import DecisionIds
from consent.check.ledger.draft import FoundDecision, Kept
from consent.check.ledger.folder import segments
from consent.check.ledger.reading import LedgerReader, SealedSegment, read_sealed
from consent.check.ledger.recovering import recover
from consent.check.ledger.segment_ledger import SegmentLedger
from consent.check.ledger.single import Single
from consent.check.process_keys import ProcessKeys
from consent.log.storage_file import FileObjectStore
from consent.registry.ports import RegistryPorts, SideSigners
from signing.receipt import Receipt, verify_receipt
from tests.signing.samples import ISSUERS, NOW, an_id, signer, trust

ORG = an_id("org")
AS_OF = NOW + timedelta(milliseconds=123)
_ANSWERED: dict[str, Any] = {
    "audience": ORG,
    "licensee": ORG,
    "issued_s": int(NOW.timestamp()),
    "expires_s": int(NOW.timestamp()) + 300,
    "as_of": "2026-12-02T10:00:00.123Z",
    "nonce": "n-1",
    "position": "ct_abc",
    "seq": 41,
}
_ALLOWED: dict[str, Any] = {
    "decision": "allow",
    "reasons": (),
    "obligations": ("label.audible",),
    "grants": (an_id("grt"),),
    "performers": (an_id("prf"),),
    "attester": None,
}
NEVER_S = 3600.0  # the test seals when it says so
KEYS = {True: b"l" * 32, False: b"t" * 32}


def ids_of(livemode: bool) -> DecisionIds:
    """The ids of a side, under a key of these tests."""
    return DecisionIds(KEYS[livemode])


def process_keys() -> ProcessKeys:
    """The keys of a process of its own."""
    return ProcessKeys(
        {
            side: SideSigners(
                issuer=ISSUERS[side],
                registry=signer("registry", livemode=side),
                receipt=signer("receipt", livemode=side),
                status=signer("status", livemode=side),
            )
            for side in (True, False)
        }
    )


@dataclass
class LedgerHouse:
    """One process's ledger over a folder and an object store."""

    folder: Path
    objects: FileObjectStore
    keys: ProcessKeys
    reader: LedgerReader
    ledger: SegmentLedger

    def keep(self, *, rows: int = 0, livemode: bool = True, **changes: Any) -> Kept:
        """One decision kept, or a batch of so many."""
        if rows:
            return self.ledger.keep(batch(rows=rows, livemode=livemode, **changes))
        name, record_sha256 = self.ledger.keep_one(single(**changes), livemode=livemode, at=AS_OF)
        return Kept(decision_ids=[name], record_sha256=record_sha256)

    def find(self, decision: str, *, organization: str = ORG, livemode: bool = True) -> FoundDecision:
        """A decision as a process without a ledger of its own finds it."""
        fresh = LedgerReader(self.folder, objects=self.objects, ids=ids_of)
        return fresh.find(decision, organization=organization, livemode=livemode)

    def verified(self, kept: Kept, *, livemode: bool = True, at: datetime = NOW) -> Receipt:
        """What the receipt of what was kept says, once it verifies and is of it."""
        found = self.find(kept.decision_ids[0], livemode=livemode)
        receipt = verify(found.receipt, at=at)
        assert [each.decision_id for each in receipt.items] == list(kept.decision_ids)
        assert {each.record_sha256 for each in receipt.items} == {kept.record_sha256, found.record_sha256}
        return receipt

    def recover(self, at: datetime = NOW) -> int:
        """What the next process does, with keys of its own."""
        return recover(self.folder, keys=process_keys(), clock=lambda: at)

    def sealed(self) -> list[SealedSegment]:
        """Every sealed segment on this machine."""
        return [
            read_sealed(each.path(self.folder, "sealed").read_bytes())
            for each in segments(self.folder, "sealed")
        ]


def house(folder: Path, *, seal_s: float = NEVER_S) -> LedgerHouse:
    """A ledger over an empty folder, or over what another left there."""
    objects, keys = FileObjectStore(folder / "objects"), process_keys()
    ledger_folder = folder / "ledger"
    reader = LedgerReader(ledger_folder, objects=objects, ids=ids_of)
    ledger = SegmentLedger(
        ledger_folder, keys=keys, ids=ids_of, reader=reader, random=os.urandom, seal_s=seal_s
    )
    return LedgerHouse(folder=ledger_folder, objects=objects, keys=keys, reader=reader, ledger=ledger)


def file_ledger(ports: RegistryPorts, keys: ProcessKeys) -> SegmentLedger:
    """The ledger of a process over registry ports, in a folder of its own that ends with this run."""
    folder = Path(tempfile.mkdtemp(prefix="consent-ledger-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    reader = LedgerReader(folder, objects=ports.log.objects, ids=ids_of)
    return SegmentLedger(folder, keys=keys, ids=ids_of, reader=reader, random=os.urandom, seal_s=NEVER_S)


def single(**changes: Any) -> Single:
    """An allow."""
    return Single(**({**_ANSWERED, **_ALLOWED, "req_sha256": "0" * 64} | changes))


def batch(*, rows: int, **changes: Any) -> BatchDraft:
    """A batch of so many allows, each of a question of its own."""
    made: dict[str, Any] = {
        **_ANSWERED,
        "livemode": True,
        "at": AS_OF,
        "items": [BatchItem(**_ALLOWED, req_sha256=f"{at:064x}") for at in range(rows)],
        "names": [f"row-{at}" for at in range(rows)],
        "places": range(rows),
    }
    return BatchDraft(**(made | changes))


def verify(token: str, *, at: datetime = NOW, audience: str = ORG) -> Receipt:
    """What a receipt says."""
    return verify_receipt(token, trust=trust(), at=at, expected_audience=audience, allow_test=True)
