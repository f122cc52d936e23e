"""Questions to a passkey: each is asked of one browser session, for one purpose, and answered once."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from consent.web.models import Ceremony as Row
from consent.web.page import Page
from consent.web.refusals import CeremonySpent
from consent.web.sessions import session_id

LIFE = timedelta(minutes=10)  # law page §C.5: single use, ten minutes
CHALLENGE_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceremony:
    """One question: its name in the form, the bytes the passkey signs over, what it is about."""

    id: str
    challenge: bytes
    content: dict[str, Any]


def begin(page: Page, purpose: str, *, content: dict[str, Any], challenge: bytes | None = None) -> Ceremony:
    """Remember a question; the challenge is random unless the caller made one that commits to something."""
    name = secrets.token_urlsafe(32)
    asked = challenge if challenge is not None else secrets.token_bytes(CHALLENGE_BYTES)
    Row.objects.create(
        id=name,
        session=session_id(page.session),
        purpose=purpose,
        challenge=asked,
        content=content,
        expires_at=timezone.now() + LIFE,
    )
    return Ceremony(id=name, challenge=asked, content=content)


def finish(page: Page, purpose: str) -> Ceremony:
    """The question that this form answers (its field `ceremony`); it is used up, whatever the answer is worth.

    Raises:
        CeremonySpent: not asked of this browser for this purpose, answered before, or too old.
    """
    name = page.field("ceremony", max_chars=64)
    row = Row.objects.filter(
        id=name, session=session_id(page.session), purpose=purpose, expires_at__gt=timezone.now()
    ).first()
    if row is None or Row.objects.filter(id=name).delete()[0] != 1:
        raise CeremonySpent("this question was not asked, or was answered")
    return Ceremony(id=name, challenge=bytes(row.challenge), content=dict(row.content))
