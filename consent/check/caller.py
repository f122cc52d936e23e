"""The organization that asks, once its API key has been verified."""

from dataclasses import dataclass
from datetime import datetime

from consent.check.limits.key_limits import KeyLimits
from consent.core.complete import StandingContext


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationCaller:
    """An organization's API key, valid now. Nothing of the other side is ever visible to it.

    `limits` is None where it may ask as much as it likes; `expires_at` is None where nobody set an end.
    """

    key: str
    organization: str
    livemode: bool
    scopes: frozenset[str]
    context: StandingContext
    capabilities: frozenset[str]
    limits: KeyLimits | None = None
    expires_at: datetime | None = None

    @property
    def scope_name(self) -> str:
        """What idempotency keys and cursors are bound to."""
        return f"{self.organization}/{'live' if self.livemode else 'test'}"
