"""Performers: the internal row, stage names, the sealed identity record, references and external ids."""

import uuid
from typing import ClassVar

from django.db import models

from consent.registry.models.columns import id_text, relation, side_key


class Performer(models.Model):
    """The natural person. This id never leaves the registry; organizations see pairwise references."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    livemode = models.BooleanField()
    record = id_text()  # the key-store record under which this person's statements and events are sealed
    limits_version = models.IntegerField(default=0)
    deceased_at = models.DateTimeField(null=True)
    erasing_at = models.DateTimeField(null=True)  # from here on nothing is written about them any more
    created_at = models.DateTimeField()

    class Meta:
        """Target of the composite foreign keys."""

        constraints: ClassVar = [
            side_key("performer_side", "id"),
            models.CheckConstraint(
                condition=models.Q(limits_version__gte=0), name="performer_limits_version_natural"
            ),
        ]


class StageName(models.Model):
    """A public name; the only kind of name that licensees, texts and evidence show."""

    performer = relation("registry.Performer")
    livemode = models.BooleanField()
    name = models.CharField(max_length=120)
    created_at = models.DateTimeField()

    class Meta:
        """A performer has a name once."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["performer", "name"], name="stage_name_once")
        ]


class IdentityRecord(models.Model):
    """Legal name, birth date and e-mail, sealed under a key of their own (law page D 7)."""

    performer = models.OneToOneField(
        "registry.Performer",
        primary_key=True,
        on_delete=models.PROTECT,
        db_constraint=False,
        related_name="+",
    )
    livemode = models.BooleanField()
    record = id_text()
    sealed = models.BinaryField()


class PairwiseReference(models.Model):
    """What one organization calls one performer: random, never derivable, another for every organization."""

    reference = id_text()
    performer = relation("registry.Performer")
    organization = relation("registry.Organization")
    livemode = models.BooleanField()
    created_at = models.DateTimeField()

    class Meta:
        """One reference a pair; within an organization a reference means one performer."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["performer", "organization"], name="pairwise_one_a_pair"),
            models.UniqueConstraint(
                fields=["organization", "reference", "livemode"], name="pairwise_one_meaning"
            ),
            side_key("pairwise_side", "performer", "organization"),
            side_key("pairwise_named", "performer", "organization", "reference"),
        ]


class ExternalId(models.Model):
    """An organization's own name for a performer it was given; private to it."""

    organization = relation("registry.Organization")
    livemode = models.BooleanField()
    external_id = id_text(max_length=512)  # characters; the door allows 128
    performer = relation("registry.Performer")
    created_at = models.DateTimeField()

    class Meta:
        """Unique within the organization's side; several may mean one performer."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "livemode", "external_id"], name="external_id_unique"
            )
        ]
