"""What a performer reads of their own account."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from consent.registry.models import Credential, IdentityCheck, Limits, Offer, PendingRevocation, Statement
from consent.registry.models.identity_check import ADULT_METHODS
from consent.registry.operations.read_package import opened_statement
from consent.registry.ports import RegistryPorts


def offers_to(performer: UUID) -> QuerySet[Offer]:
    """Offers that were sent to a performer, newest first; drafts are nobody else's business."""
    return Offer.objects.filter(performer_id=performer).exclude(state="draft").order_by("-sent_at", "id")


def credentials_of(performer: UUID) -> QuerySet[Credential]:
    """A performer's keys, oldest first, those that are off included."""
    return Credential.objects.filter(performer_id=performer).order_by("created_at", "id")


def deciding_identity_check(performer: UUID) -> IdentityCheck | None:
    """The examination that counts: the newest of a document."""
    checks = IdentityCheck.objects.filter(performer_id=performer, method__in=ADULT_METHODS)
    return checks.order_by("-checked_at", "-id").first()


def pending_revocations(performer: UUID) -> QuerySet[PendingRevocation]:
    """Endings that were begun without a key and can still be cancelled."""
    return PendingRevocation.objects.filter(performer_id=performer, closed_at=None).order_by("due_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentLimits:
    """The newest limits: what the next version must follow. Version 0 and no body before the first."""

    version: int
    body_sha256: str | None
    body: Mapping[str, Any] | None


def current_limits(ports: RegistryPorts, *, performer: UUID) -> CurrentLimits:
    """A performer's limits as they signed them."""
    newest = (
        Limits.objects.select_related("statement").filter(performer_id=performer).order_by("-version").first()
    )
    if newest is None:
        return CurrentLimits(version=0, body_sha256=None, body=None)
    body = opened_statement(newest.statement, ports)["envelope"]["body"]
    return CurrentLimits(version=newest.version, body_sha256=newest.body_sha256, body=body)


def text_shown(ports: RegistryPorts, *, performer: UUID, grant: str) -> bytes | None:
    """The exact text that was before the performer when they signed, or None if they signed no such grant."""
    row = Statement.objects.filter(id=grant, performer_id=performer, kind="grant").first()
    return None if row is None else str(opened_statement(row, ports)["text"]).encode()
