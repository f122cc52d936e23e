"""What the pages remember. Everything here expires, and nothing of it is a record."""

from typing import Any, ClassVar

from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models

DIGEST = 64  # SHA-256 in hex


class Session(AbstractBaseSession):
    """A browser's session on one origin. `session_key` holds the digest of the cookie, never the cookie.

    `subject` says whose it is ("performer:…", "member:…", "operator:…"), empty while nobody signed in; it
    serves to end all sessions of somebody.
    """

    session_key = models.CharField(primary_key=True, max_length=DIGEST, db_collation="C")
    origin = models.CharField(max_length=16, db_collation="C")
    subject = models.CharField(max_length=80, db_collation="C", blank=True)
    expire_date = models.DateTimeField(db_index=True)

    class Meta(AbstractBaseSession.Meta):
        """Found by whom it belongs to."""

        indexes: ClassVar = [models.Index(fields=["subject"], name="session_by_subject")]

    @classmethod
    def get_session_store_class(cls) -> Any:
        """The store that reads and writes these rows."""
        from consent.web.sessions import SessionStore  # noqa: PLC0415  # it imports this model

        return SessionStore


class HandOff(models.Model):
    """A one-use ticket from one origin to the other; only its digest is stored (DESIGN §4)."""

    digest = models.CharField(primary_key=True, max_length=DIGEST, db_collation="C")
    to = models.CharField(max_length=16, db_collation="C")
    session = models.CharField(max_length=DIGEST, db_collation="C")  # the one that asked for it
    content = models.JSONField()
    expires_at = models.DateTimeField(db_index=True)


class Ceremony(models.Model):
    """A question to a passkey that was not answered yet: one browser session, one purpose, one answer."""

    id = models.CharField(primary_key=True, max_length=43, db_collation="C")
    session = models.CharField(max_length=DIGEST, db_collation="C")
    purpose = models.CharField(max_length=100, db_collation="C")
    challenge = models.BinaryField(max_length=32)
    content = models.JSONField()
    expires_at = models.DateTimeField(db_index=True)
