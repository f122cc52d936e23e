"""Who is calling, once that has been verified."""

from dataclasses import dataclass
from uuid import UUID

from consent.check.caller import OrganizationCaller


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformerCaller:
    """A performer who holds the private key of `thumbprint`. `performer` is internal and never leaves."""

    performer: UUID
    thumbprint: str
    livemode: bool

    @property
    def scope_name(self) -> str:
        """What idempotency keys and cursors are bound to."""
        return f"performer/{self.performer}"


Caller = OrganizationCaller | PerformerCaller
