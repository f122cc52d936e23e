"""Row locks, always taken in this order, so that no two transactions wait for each other:

1. organization side   2. performer   3. credential   4. invitation   5. offer   6. grants, by id
7. counters, by (grant, line, kind, day)   8. the log's head (by `history_transaction`, last)

A transaction may leave steps out, never go back. Every statement of a performer locks the performer
first, so that all writes about one person come one after another. `NO KEY UPDATE` lets rows that refer
to the locked one be inserted meanwhile. A row that was locked was read after the wait, so what a
function here returns is the current state.
"""

from collections.abc import Collection
from uuid import UUID

from consent.registry.errors import CredentialUnknown, NotFound
from consent.registry.models import Credential, Grant, Invitation, Offer, OrganizationSide, Performer


def lock_side(organization: str, *, livemode: bool) -> OrganizationSide:
    """The organization's side; NotFound if it has none."""
    side = (
        OrganizationSide.objects.select_for_update(no_key=True)
        .filter(organization_id=organization, livemode=livemode)
        .first()
    )
    if side is None:
        raise NotFound("no such organization on this side")
    return side


def lock_performer(performer: UUID, *, livemode: bool) -> Performer:
    """The performer, before anything else of theirs; NotFound if there is none on this side, or none any more."""
    row = find_performer_row(performer, livemode=livemode)
    if row is None or row.erasing_at is not None:
        raise NotFound("no such performer on this side")
    return row


def find_performer_row(performer: UUID, *, livemode: bool) -> Performer | None:
    """The performer's locked row, also while they are erased; None if there is none on this side."""
    return Performer.objects.select_for_update(no_key=True).filter(id=performer, livemode=livemode).first()


def lock_credential(performer: UUID, thumbprint: str) -> Credential:
    """One of this performer's keys; CredentialUnknown if it is not theirs."""
    row = (
        Credential.objects.select_for_update(no_key=True)
        .filter(performer_id=performer, thumbprint=thumbprint)
        .first()
    )
    if row is None:
        raise CredentialUnknown("this key is not one of the performer's")
    return row


def lock_invitation(invitation: str, *, organization: str, livemode: bool) -> Invitation:
    """An invitation of this organization; NotFound otherwise."""
    row = (
        Invitation.objects.select_for_update(no_key=True)
        .filter(id=invitation, organization_id=organization, livemode=livemode)
        .first()
    )
    if row is None:
        raise NotFound("no such invitation")
    return row


def lock_offer(
    offer: str, *, livemode: bool, organization: str | None = None, performer: UUID | None = None
) -> Offer:
    """An offer of this organization, or to this performer and no draft; NotFound otherwise."""
    rows = Offer.objects.select_for_update(no_key=True).filter(id=offer, livemode=livemode)
    if organization is not None:
        rows = rows.filter(organization_id=organization)
    if performer is not None:
        rows = rows.filter(performer_id=performer).exclude(state="draft")
    row = rows.first() if organization is not None or performer is not None else None
    if row is None:
        raise NotFound("no such offer")
    return row


def lock_grants(grants: Collection[str], *, performer: UUID) -> dict[str, Grant]:
    """These grants of one performer, locked in the order of their ids; those that are not theirs are absent."""
    rows = (
        Grant.objects.select_for_update(no_key=True)
        .filter(id__in=list(grants), performer_id=performer)
        .order_by("id")
    )
    return {row.id: row for row in rows}


def lock_grant(grant: str, *, performer: UUID) -> Grant:
    """One grant of this performer; NotFound otherwise."""
    found = lock_grants([grant], performer=performer)
    if grant not in found:
        raise NotFound("no such grant")
    return found[grant]
