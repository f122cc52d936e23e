"""How old local facts are, and until when they may be answered from.

Everything is counted on the boot clock, from the instant at which the request was *sent*; the machine's date is
never looked at. The registry's own time is what its last answer said plus what has passed since, and each bound of
a consent is judged at whichever end of the uncertainty denies.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from consent.client.errors import ConfigurationError
from consent.client.local.clock import FASTEST_CLOCK
from consent.core.bounds import MAX_STALENESS_INFERENCE_S, MAX_STALENESS_TRAINING_S


@dataclass(frozen=True, slots=True, kw_only=True)
class MaxStaleness:
    """For how many seconds after its last fresh answer a local registry goes on: for outputs, and for the rest."""

    output_s: float = float(MAX_STALENESS_INFERENCE_S)
    other_s: float = float(MAX_STALENESS_TRAINING_S)

    @classmethod
    def of(cls, limit_s: float | None) -> "MaxStaleness":
        """The bounds of the house, or shorter ones.

        Raises:
            ConfigurationError: not above zero, or longer than any use may go without the registry.
        """
        if limit_s is None:
            return cls()
        if not 0 < limit_s <= MAX_STALENESS_TRAINING_S:
            raise ConfigurationError(
                f"max_staleness: expected above 0 and at most {MAX_STALENESS_TRAINING_S} seconds, got {limit_s!r}"
            )
        return cls(output_s=min(limit_s, MAX_STALENESS_INFERENCE_S), other_s=float(limit_s))


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """One fresh answer of the registry. `as_of` is its clock, `sent_at`, `received_at` and the two `until` are
    instants of the boot clock in seconds; `position` is the token of what it had reached."""

    position: str
    as_of: datetime
    sent_at: float
    received_at: float
    l_node_s: float
    until_output: float
    until_other: float
    as_of_earliest: datetime  # what the registry's clock said at least: what began before has begun

    @classmethod
    def of(
        cls,
        *,
        position: str,
        as_of: datetime,
        sent_at: float,
        received_at: float,
        l_node_s: float,
        key_expires_at: datetime | None,
        limits: MaxStaleness,
    ) -> "Freshness":
        """What an answer is worth. Its facts may have been `l_node_s` old when the request was sent."""
        ends = [limit_s - l_node_s for limit_s in (limits.output_s, limits.other_s)]
        if key_expires_at is not None:
            left_s = (key_expires_at - as_of).total_seconds()
            ends = [min(end, left_s) for end in ends]
        output, other = (sent_at + end / FASTEST_CLOCK for end in ends)
        return cls(
            position=position,
            as_of=as_of,
            sent_at=sent_at,
            received_at=received_at,
            l_node_s=l_node_s,
            until_output=output,
            until_other=other,
            as_of_earliest=as_of - timedelta(seconds=l_node_s),
        )

    def latest(self, now: float) -> datetime:
        """The registry's time, at most: what ends is judged by it."""
        return self.as_of + timedelta(seconds=(now - self.sent_at) * FASTEST_CLOCK)

    def earliest(self, now: float) -> datetime:
        """The registry's time, at least: what begins is judged by it."""
        passed_s = max(now - self.received_at, 0.0) / FASTEST_CLOCK
        return self.as_of_earliest + timedelta(seconds=passed_s)

    def age_s(self, now: float) -> float:
        """How old the facts may be, in seconds."""
        return (now - self.sent_at) * FASTEST_CLOCK + self.l_node_s
