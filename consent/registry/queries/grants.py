"""Grants as they are read: by their licensee, and by the performer who signed them."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from consent.core.states import GrantState, licensee_view
from consent.log.enforcement import wait_enforced
from consent.log.models import Enforcement
from consent.registry.models import Grant, GrantEnding, GrantHold
from consent.registry.ports import RegistryPorts


def grants_of_organization(organization: str, *, livemode: bool) -> QuerySet[Grant]:
    """The licensee's grants of one side, newest first."""
    return Grant.objects.filter(organization_id=organization, livemode=livemode).order_by("-signed_at", "id")


def grants_of_performer(performer: UUID) -> QuerySet[Grant]:
    """Everything a performer signed, newest first."""
    return Grant.objects.filter(performer_id=performer).order_by("-signed_at", "id")


def state_for_licensee(grant: Grant, *, at: datetime) -> str:
    """signed, active, paused or ended: no reason and no author. A term that ran out reads as an end."""
    state = GrantState(grant.state)
    if grant.ended_at is None and at >= grant.valid_until:
        return "ended"
    return licensee_view(state)


def since_for_licensee(grant: Grant, *, at: datetime) -> datetime:
    """Since when it reads so."""
    if grant.ended_at is None and at >= grant.valid_until:
        return grant.valid_until
    return grant.state_at


def wait_until_told(grants: Collection[Grant], ports: RegistryPorts) -> None:
    """Wait for every stop of these grants that is not enforced yet, before a read tells of it (DESIGN §8).

    Costs one query where nothing is pending. The rows were read before: they are committed.
    """
    stopped = [grant.id for grant in grants if grant.state not in ("active", "signed")]
    if not stopped:
        return
    events = [
        *GrantEnding.objects.filter(grant_id__in=stopped).values_list("event", flat=True),
        *GrantHold.objects.filter(grant_id__in=stopped, lifted_at=None).values_list("event", flat=True),
    ]
    pending = Enforcement.objects.filter(event_id__in=events, enforced_at=None)
    wait_all_enforced(list(pending.values_list("event_id", flat=True)), ports)


def wait_all_enforced(events: Collection[str], ports: RegistryPorts) -> None:
    """Wait out denials that were read as committed just now."""
    # Not before they were read: one that was committed in between would be called enforced too early.
    seen_at_boot = ports.log.boot_clock()
    for event in events:
        wait_enforced(event, committed_at_boot=seen_at_boot, ports=ports.log)
