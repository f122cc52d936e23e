"""What an organization calls the performers of a page: its own name, the stage name, or the reference."""

from collections import defaultdict
from collections.abc import Collection
from uuid import UUID

from consent.registry.models import ExternalId, PairwiseReference
from consent.web.organization.side import SidePage


def external_ids(at: SidePage, performers: Collection[UUID | None]) -> dict[UUID, list[str]]:
    """The organization's own names for these performers, sorted."""
    names: dict[UUID, list[str]] = defaultdict(list)
    known = ExternalId.objects.filter(**at.rows, performer_id__in=[each for each in performers if each])
    for performer, name in known.order_by("external_id").values_list("performer_id", "external_id"):
        names[performer].append(name)
    return dict(names)


def references(at: SidePage, performers: Collection[UUID | None]) -> dict[UUID, str]:
    """The references that the organization was given for these performers."""
    pairs = PairwiseReference.objects.filter(
        **at.rows, performer_id__in=[each for each in performers if each]
    )
    return dict(pairs.values_list("performer_id", "reference"))


def named(at: SidePage, text: str) -> list[UUID]:
    """The performers that the organization calls so: by its own name or by the reference."""
    found = set(ExternalId.objects.filter(**at.rows, external_id=text).values_list("performer_id", flat=True))
    pairs = PairwiseReference.objects.filter(**at.rows, reference=text)
    found.update(pairs.values_list("performer_id", flat=True))
    return list(found)
