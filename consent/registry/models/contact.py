"""Finding a performer by the address they type, without keeping the address."""

from typing import ClassVar

from django.db import models

from consent.registry.models.columns import octets


class ContactIndex(models.Model):
    """A keyed digest of a performer's address; erased with the identity record."""

    performer = models.OneToOneField(
        "registry.Performer",
        primary_key=True,
        on_delete=models.PROTECT,
        db_constraint=False,
        related_name="+",
    )
    livemode = models.BooleanField()
    digest = models.BinaryField(max_length=32)

    class Meta:
        """Not unique: two people may share a mailbox."""

        constraints: ClassVar = [octets("digest", 32, 32, "contact_digest")]
        indexes: ClassVar = [models.Index(fields=["digest", "livemode"], name="contact_by_digest")]
