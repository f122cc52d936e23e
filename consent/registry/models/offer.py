"""Offers and the invitations that carry them to people without an account."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from consent.registry.models.columns import id_key, id_text, one_of, optional_id, relation, side_key

STATES = ("changes_requested", "declined", "draft", "offered", "signed", "viewed", "withdrawn")


class Offer(models.Model):
    """Terms an organization proposes. `terms` are canonical JSON bytes and stop changing once sent."""

    id = id_key()
    organization = relation("registry.Organization")
    livemode = models.BooleanField()
    state = id_text(max_length=24)
    terms = models.BinaryField()
    performer = relation("registry.Performer", null=True)
    performer_name = models.CharField(max_length=120, blank=True)  # the stage name chosen for this offer
    replaces = relation("registry.Offer", null=True)  # the offer that was answered with a request for changes
    requested_changes = models.TextField(blank=True)
    metadata = models.JSONField()
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    viewed_at = models.DateTimeField(null=True)  # first shown: the 72 hours of adult terms count from here
    closed_at = models.DateTimeField(null=True)

    class Meta:
        """A draft was never sent; whoever viewed or signed is known."""

        constraints: ClassVar = [
            side_key("offer_side", "id", "organization"),
            one_of("state", STATES, "offer_state"),
            models.CheckConstraint(
                condition=Q(state="draft", sent_at=None) | (~Q(state="draft") & Q(sent_at__isnull=False)),
                name="offer_sent_unless_draft",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("viewed", "signed", "changes_requested", "declined"))
                | Q(performer__isnull=False),
                name="offer_answered_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("viewed", "signed")) | Q(viewed_at__isnull=False),
                name="offer_viewed_before_signed",
            ),
            models.CheckConstraint(
                condition=Q(viewed_at=None) | Q(viewed_at__gte=F("sent_at")), name="offer_viewed_after_sent"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["organization", "livemode", "-created_at", "id"], name="offer_by_side"),
            models.Index(fields=["performer", "state"], name="offer_by_performer"),
        ]


class Invitation(models.Model):
    """A code that brings one person to one offer: 14 days, revocable, once. Only its digest is stored."""

    id = id_key()
    organization = relation("registry.Organization")
    livemode = models.BooleanField()
    offer = relation("registry.Offer", unique=False)
    code_digest = models.BinaryField(max_length=32, unique=True)
    language = id_text(max_length=35)
    record = optional_id()
    sealed_email = models.BinaryField(null=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    redeemed_at = models.DateTimeField(null=True)
    redeemed_by = relation("registry.Performer", null=True)

    class Meta:
        """Never both revoked and redeemed; one open invitation an offer."""

        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(redeemed_at=None) | Q(revoked_at=None), name="invitation_ends_once"
            ),
            models.CheckConstraint(
                condition=Q(redeemed_at=None, redeemed_by=None)
                | Q(redeemed_at__isnull=False, redeemed_by__isnull=False),
                name="invitation_redeemed_by_somebody",
            ),
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="invitation_window"),
            models.UniqueConstraint(
                fields=["offer"], condition=Q(revoked_at=None), name="invitation_one_open_an_offer"
            ),
        ]
