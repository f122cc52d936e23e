"""Remove what the pages remember no longer."""

from django.utils import timezone

from consent.web.models import Ceremony, HandOff, Session


def forget_expired() -> int:
    """Delete sessions, tickets and questions that have run out; how many."""
    now = timezone.now()
    gone = Session.objects.filter(expire_date__lte=now).delete()[0]
    gone += HandOff.objects.filter(expires_at__lte=now).delete()[0]
    return gone + Ceremony.objects.filter(expires_at__lte=now).delete()[0]
