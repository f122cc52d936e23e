"""What the log needs from outside, wired in one place and passed to every operation."""

import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from consent.log.boot_clock import boot_clock_s
from consent.log.derive import derive_key
from consent.log.erasures import ErasureNotes
from consent.log.figures import Figures
from consent.log.guard import RollbackGuard
from consent.log.heads import chain_at
from consent.log.keystore import KeyStore
from consent.log.objects import ObjectStore
from consent.log.position import TOKEN_KEY_BYTES, PositionCodec
from consent.log.sealing import Sealer


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPorts:
    """Stores, keys, clocks and randomness of one process, and what it counts of its work.

    `boot_clock` counts seconds with suspension, `sleep` waits for seconds, `random` returns that many
    unpredictable bytes.
    """

    sealer: Sealer
    objects: ObjectStore
    guard: RollbackGuard
    erasures: ErasureNotes
    tokens: PositionCodec
    boot_clock: Callable[[], float]
    sleep: Callable[[float], None]
    random: Callable[[int], bytes]
    figures: Figures = field(default_factory=Figures)


def log_ports(
    *,
    key_store: KeyStore,
    objects: ObjectStore,
    key_secret: bytes,
    also: bytes = b"",
    derivation: bytes = b"",
) -> LogPorts:
    """The ports of a process of its own; make them after a fork, never before.

    `also` opens what was wrapped under another secret, while `key_secret` is rotated. The keys of guard, tokens
    and notes come from `derivation`, which no rotation changes; without it from `key_secret`.

    Raises:
        ValueError: `key_secret` is shorter than 32 bytes.
    """
    lasting = derivation or key_secret
    return LogPorts(
        sealer=Sealer(key_store=key_store, key_secret=key_secret, random=secrets.token_bytes, also=also),
        objects=objects,
        guard=RollbackGuard(
            objects=objects,
            key=derive_key(lasting, purpose="consent-registry/guard/v1"),
            process=f"{os.getpid()}x{secrets.token_hex(8)}",
            clock=boot_clock_s,
            chain_at=chain_at,
        ),
        erasures=erasure_notes(objects, derivation=lasting),
        tokens=PositionCodec(
            derive_key(lasting, purpose="consent-registry/position/v1", length=TOKEN_KEY_BYTES)
        ),
        boot_clock=boot_clock_s,
        sleep=time.sleep,
        random=secrets.token_bytes,
    )


def erasure_notes(objects: ObjectStore, *, derivation: bytes) -> ErasureNotes:
    """The notes of erasures of the registry that has this secret; see `log_ports`."""
    return ErasureNotes(objects, key=derive_key(derivation, purpose="consent-registry/erasure-note/v1"))
