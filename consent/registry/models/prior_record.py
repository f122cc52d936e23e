"""Imported paper consents: evidence, never grants."""

from typing import ClassVar

from django.db import models

from consent.registry.models.columns import id_key, id_text, relation


class PriorRecord(models.Model):
    """Who, with whom, which uses and dates, the scan's digest and who vouches: sealed but for the digest."""

    id = id_key()
    organization = relation("registry.Organization")
    livemode = models.BooleanField()
    performer = relation("registry.Performer", null=True)
    scan_sha256 = id_text()
    record = id_text()
    sealed = models.BinaryField()
    imported_at = models.DateTimeField()

    class Meta:
        """The same scan once an organization's side."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "livemode", "scan_sha256"], name="prior_record_once"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["performer", "organization"], name="prior_record_by_pair")]
