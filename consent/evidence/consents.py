"""Evidence of one consent: the same file for its licensee and its performer."""

from collections.abc import Sequence
from datetime import datetime

from consent.core.asked import Asked
from consent.evidence.bundle import Kept, Wanted, make_bundle
from consent.evidence.questions import as_signed
from consent.registry.models import Grant
from consent.registry.ports import RegistryPorts


def consent_bundle(
    ports: RegistryPorts,
    grant: Grant,
    *,
    at: datetime,
    trust: bytes,
    questions: Sequence[Asked] | None = None,
    kept: Sequence[Kept] = (),
) -> bytes:
    """The bundle of a consent at an instant. Without `questions` it is asked about as it names its uses itself.

    Raises:
        As `make_bundle`.
    """
    asked = as_signed(ports, grant, at=at) if questions is None else questions
    wanted = Wanted(
        livemode=grant.livemode,
        organization=grant.organization_id,
        performer=grant.performer_id,
        reference=grant.reference,
        questions=asked,
        at=at.replace(microsecond=0),
        kept=kept,
    )
    return make_bundle(ports, wanted, trust=trust)
