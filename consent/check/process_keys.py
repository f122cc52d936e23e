"""The receipt keys of this process: made here, certified for a day, replaced before that ends (DESIGN §4)."""

import logging
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
LOOK_AGAIN = timedelta(seconds=5)  # how long a rotated or ended receipt key goes unnoticed
_logger = logging.getLogger(__name__)


class ProcessKeys:
    """One key a side, never shared: a forked child makes its own at its first receipt."""

    def __init__(self, signers: Mapping[bool, SideSigners]) -> None:
        self._signers = signers
        self._lock = threading.Lock()
        self._made: dict[bool, ReceiptSigner] = {}
        self._certified_by: dict[bool, str] = {}
        self._look_at: dict[bool, datetime] = {}
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
            if (
                made is None
                or not made.not_before <= at < made.not_after - RENEWED_BEFORE
                or (at >= self._look_at[livemode] and self._was_replaced(livemode, at))
            ):
                made = self._make(livemode, at)
                self._made[livemode] = made
            return made

    def _was_replaced(self, livemode: bool, at: datetime) -> bool:
        """Whether another receipt key certifies now: what an ended one certified after its end is believed nowhere."""
        self._look_at[livemode] = at + LOOK_AGAIN
        try:
            return self._signers[livemode].receipt.key_id != self._certified_by[livemode]
        except (
            Exception
        ):  # whatever it is: the certificate at hand is still good, and a new one is not to be had
            _logger.warning("the receipt key cannot be asked for; the old certificate goes on", exc_info=True)
            return False

    def _make(self, livemode: bool, at: datetime) -> ReceiptSigner:
        side = self._signers[livemode]
        self._certified_by[livemode], self._look_at[livemode] = side.receipt.key_id, at + LOOK_AGAIN
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
