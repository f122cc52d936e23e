"""What belongs to the person who asks. What is not theirs and what does not exist answer alike."""

from consent.registry.errors import NotFound
from consent.registry.models import Grant, Offer
from consent.registry.text import is_storable
from consent.web.who import SignedInPerformer


def own_offer(me: SignedInPerformer, offer: str) -> Offer:
    """An offer that was sent to this performer.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    row = None
    if is_storable(offer):
        rows = Offer.objects.select_related("organization").exclude(state="draft")
        row = rows.filter(id=offer, livemode=me.livemode, performer_id=me.performer).first()
    if row is None:
        raise NotFound("no such offer")
    return row


def own_grant(me: SignedInPerformer, grant: str) -> Grant:
    """A grant that this performer signed.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    row = None
    if is_storable(grant):
        rows = Grant.objects.select_related("organization")
        row = rows.filter(id=grant, livemode=me.livemode, performer_id=me.performer).first()
    if row is None:
        raise NotFound("no such grant")
    return row
