"""The receipt keys of this process: made here, certified for a day, replaced before that ends (DESIGN §4)."""

import os
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta

from consent.core.ids import new_id
from consent.registry.ports import SideSigners
from signing.private_key import PrivateKey
from signing.receipt import ReceiptSigner, certify_process_key

LIFE = timedelta(hours=24)
RENEWED_BEFORE = timedelta(hours=1)  # a receipt's instant must lie well inside its certificate


class ProcessKeys:
    """One key a side, never shared: a forked child makes its own at its first receipt."""

    def __init__(self, signers: Mapping[bool, SideSigners]) -> None:
        self._signers = signers
        self._lock = threading.Lock()
        self._made: dict[bool, ReceiptSigner] = {}
        self._pid = 0
        self._node = ""

    def __repr__(self) -> str:
        return "ProcessKeys()"

    def signer(self, livemode: bool, *, at: datetime) -> ReceiptSigner:
        """The key that may sign at `at`, the primary's clock."""
        with self._lock:
            if self._pid != os.getpid():
                self._made, self._pid = {}, os.getpid()
                self._node = new_id("req").removeprefix("req_")
            made = self._made.get(livemode)
            if made is None or not made.not_before <= at < made.not_after - RENEWED_BEFORE:
                made = self._make(livemode, at)
                self._made[livemode] = made
            return made

    def _make(self, livemode: bool, at: datetime) -> ReceiptSigner:
        side = self._signers[livemode]
        private = PrivateKey.generate()
        begins = at.replace(microsecond=0)
        certificate = certify_process_key(
            side.receipt,
            process_public=private.public,
            issuer=side.issuer,
            livemode=livemode,
            node=self._node,
            not_before=begins,
            not_after=begins + LIFE,
        )
        return ReceiptSigner(
            private=private,
            certificate=certificate,
            issuer=side.issuer,
            livemode=livemode,
            node=self._node,
            not_before=begins,
            not_after=begins + LIFE,
        )
