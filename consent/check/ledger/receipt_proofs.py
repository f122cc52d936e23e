"""Receipt proofs as files: one decision, from its record up to the published log (SPEC §13.4 of `signing`)."""

from consent.check.caller import OrganizationCaller
from consent.check.ledger.proving import ledger_proof
from consent.check.ledger.reading import LedgerReader
from consent.log.publishing.entry_proof import proof_of
from consent.registry.errors import NotFound
from consent.registry.ports import RegistryPorts
from signing.logged_event import LoggedEvent
from signing.receipt_proof import ReceiptProof, format_receipt_proof


class ReceiptProofs:
    """Proves decisions to those who asked. Safe to share between threads."""

    def __init__(self, ports: RegistryPorts, reader: LedgerReader) -> None:
        self._ports = ports
        self._reader = reader

    def __repr__(self) -> str:
        return "ReceiptProofs()"

    def proof(self, decision: str, *, caller: OrganizationCaller) -> bytes:
        """The proof of one of the caller's decisions.

        Raises:
            NotFound: anybody else's, none, or one that no published checkpoint covers yet.
            StoreError, SegmentBrokenError, HistoryBrokenError: what should be there is not, or is something else.
        """
        log = self._ports.log
        found = ledger_proof(
            decision,
            organization=caller.organization,
            livemode=caller.livemode,
            reader=self._reader,
            ports=log,
        )
        logged = None
        if found is not None:
            logged = proof_of(
                found.seq,
                entry=found.opened.entry,
                registry=self._ports.origin,
                livemode=caller.livemode,
                objects=log.objects,
            )
        if found is None or logged is None:
            raise NotFound("no such decision, or no published checkpoint covers it yet")
        opened = found.opened
        event = LoggedEvent(tlog_proof=logged.format().decode(), event=opened.event, salt=opened.salt)
        return format_receipt_proof(ReceiptProof(committed=found.committed, logged=event))
