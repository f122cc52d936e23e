"""What licensees and performers alike read of a grant's row."""

from collections.abc import Sequence

from consent.core.wire.times import milliseconds_or_none
from consent.log.models import Enforcement
from consent.registry import models
from consent.registry.models.grant import ENDED
from consent.registry.stored_json import from_bytes


def uses_of(row: models.Grant) -> list[str]:
    """The uses that the grant's lines name, sorted."""
    terms = from_bytes(row.terms)
    return sorted({use for line in terms.get("lines", ()) for use in line.get("uses", ())})


def enforcement_of(rows: Sequence[models.Grant]) -> dict[str, str | None]:
    """Of grants that stopped: since when every check denies. The caller has waited until that is certain."""
    stopped = {row.id: "" for row in rows if row.state in (*ENDED, "suspended")}
    if not stopped:
        return {}
    holds = models.GrantHold.objects.filter(grant_id__in=stopped, lifted_at=None).order_by("id")
    stopped.update(holds.values_list("grant_id", "event"))
    endings = models.GrantEnding.objects.filter(grant_id__in=stopped).order_by("id")
    stopped.update(endings.values_list("grant_id", "event"))
    enforced = dict(
        Enforcement.objects.filter(event_id__in=stopped.values()).values_list("event_id", "enforced_at")
    )
    return {grant: milliseconds_or_none(enforced.get(event)) for grant, event in stopped.items()}
