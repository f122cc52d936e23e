"""Requests that carry an Idempotency-Key."""

from typing import ClassVar

from django.db import models

from consent.registry.models.columns import id_text, optional_id


class IdempotentRequest(models.Model):
    """One request and, once it is done, its sealed answer; kept 24 hours."""

    scope = id_text(max_length=200)
    key = id_text(max_length=200)
    fingerprint = id_text()
    attempt = models.UUIDField()
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    status = models.IntegerField(null=True)
    record = optional_id()
    sealed = models.BinaryField(null=True)

    class Meta:
        """One request a key and scope."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["scope", "key"], name="idempotent_request_once")
        ]
        indexes: ClassVar = [models.Index(fields=["started_at"], name="idempotent_request_by_start")]
