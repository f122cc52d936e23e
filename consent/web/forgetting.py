"""What the pages forget of a performer who is erased: sessions on both origins, their tickets and questions."""

from uuid import UUID

from consent.web.models import Ceremony, HandOff, Session
from consent.web.who import performer_subject


def forget_browser(performer: UUID) -> None:
    """End and remove everything that a browser of theirs began here. Again does no harm."""
    sessions = Session.objects.filter(subject=performer_subject(performer))
    names = list(sessions.values_list("session_key", flat=True))
    HandOff.objects.filter(session__in=names).delete()
    Ceremony.objects.filter(session__in=names).delete()
    sessions.delete()
