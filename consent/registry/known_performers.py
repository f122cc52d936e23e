"""To whom an offer goes: a performer the organization knows, by reference or by its own name."""

from uuid import UUID

from consent.registry.errors import NotFound
from consent.registry.models import ExternalId, PairwiseReference
from consent.registry.text import is_storable

EXTERNAL = "external_id:"


def find_performer(performer: str, *, organization: str, livemode: bool) -> UUID:
    """The performer behind `prf_…` or `external_id:…` of this organization.

    Raises:
        NotFound: no such performer; somebody else's reference answers the same.
    """
    found: UUID | None = None
    if not is_storable(performer):
        pass
    elif performer.startswith(EXTERNAL):
        found = (
            ExternalId.objects.filter(
                organization_id=organization,
                livemode=livemode,
                external_id=performer.removeprefix(EXTERNAL),
            )
            .values_list("performer_id", flat=True)
            .first()
        )
    else:
        found = (
            PairwiseReference.objects.filter(
                organization_id=organization, livemode=livemode, reference=performer
            )
            .values_list("performer_id", flat=True)
            .first()
        )
    if found is None:
        raise NotFound("no such performer", pointer="/performer")
    return found
