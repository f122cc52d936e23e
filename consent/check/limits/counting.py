"""Counting what an allow uses up: from a block that is held, or by one short transaction on the primary.

A question with a nonce is always counted on the primary, since only there a repeat can be told from a second question,
whichever node it comes to. One without a nonce may be counted from a block.
"""

from collections.abc import Callable, Sequence
from typing import Final

from django.db import close_old_connections

from consent.check.caller import OrganizationCaller
from consent.check.limits.blocks import Blocks
from consent.core.counting import CounterClaim
from consent.registry.errors import CounterExhausted
from consent.registry.operations.consume_counters import CounterName, consume_counters, name_of
from consent.registry.ports import RegistryPorts

EXHAUSTED_S: Final = 1.0  # for so long nobody is asked again about a counter that had too little left
MAX_EXHAUSTED: Final = 10_000  # counters; then all are forgotten


class Counting:
    """Safe to share between threads; without `blocks` the primary is asked each time."""

    def __init__(self, ports: RegistryPorts, *, blocks: Blocks | None = None) -> None:
        self._ports = ports
        self._blocks = blocks
        self._boot_clock: Callable[[], float] = ports.log.boot_clock
        # What was too much, and until when that is believed.
        self._exhausted: dict[CounterName, tuple[int, float]] = {}

    def __repr__(self) -> str:
        return "Counting()"

    def count(self, claims: Sequence[CounterClaim], *, caller: OrganizationCaller, nonce: str | None) -> None:
        """Count every claim or none; the same nonce of the same organization counts once.

        Raises:
            CounterExhausted: a limit would be exceeded.
            NonceSpent: the nonce was used for other claims.
            DatabaseError, LogError: nothing may be answered.
        """
        if not claims:
            return
        if nonce is not None:
            self._on_primary(claims, caller, nonce)
            return
        if self._blocks is not None and self._blocks.take(claims):
            return
        self._refuse_exhausted(claims)
        began = self._boot_clock()
        try:
            self._on_primary(claims, caller, None, began=began)
        except CounterExhausted:
            if self._blocks is None or not self._blocks.holds(claims):
                self._remember(claims, began)
                raise
            self._blocks.release(claims)  # what is held here may be just what is missing
            self._on_primary(claims, caller, None)

    def _on_primary(
        self,
        claims: Sequence[CounterClaim],
        caller: OrganizationCaller,
        nonce: str | None,
        *,
        began: float | None = None,
    ) -> None:
        """`began`: when it began, where a block may be reserved besides."""
        close_old_connections()  # the lane touches no connection before one is needed
        blocks = self._blocks if began is not None else None
        reserved = consume_counters(
            self._ports,
            livemode=caller.livemode,
            organization=caller.organization,
            nonce=nonce,
            claims=claims,
            blocks=None if blocks is None else blocks.wanted(claims),
        )
        if blocks is not None and began is not None:
            blocks.put(reserved, claims, began=began)

    def _refuse_exhausted(self, claims: Sequence[CounterClaim]) -> None:
        now = self._boot_clock()
        for claim in claims:
            quantity, until = self._exhausted.get(name_of(claim), (0, 0.0))
            if now < until and claim.quantity >= quantity:
                raise CounterExhausted(claim.grant, claim.line, claim.kind)

    def _remember(self, claims: Sequence[CounterClaim], began: float) -> None:
        if len(claims) != 1:
            return  # which of them had too little left is not worth telling apart
        (claim,) = claims
        if len(self._exhausted) >= MAX_EXHAUSTED:
            self._exhausted.clear()
        self._exhausted[name_of(claim)] = (claim.quantity, began + EXHAUSTED_S)
