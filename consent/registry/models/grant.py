"""Grants: a performer's signed yes, how it stands, and how it ended."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from consent.registry.models.columns import id_key, id_text, one_of, optional_id, relation, side_key

LIVING = ("active", "signed", "suspended")
ENDED = ("expired", "rescinded", "revoked", "superseded", "voided")
AUTHORITIES = ("clock", "key", "link", "operator", "passkey", "session", "successor")
LIST_SIZE = 1 << 20  # DESIGN §9: entries of a status list


class PreparedGrant(models.Model):
    """The exact body and text waiting to be signed; the row is deleted when it is used."""

    id = id_key()  # the id the grant will have
    livemode = models.BooleanField()
    offer = relation("registry.Offer")
    organization = relation("registry.Organization")
    performer = relation("registry.Performer")
    credential = relation("registry.Credential")
    body = models.BinaryField()
    text = models.BinaryField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        """It does not live for ever."""

        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="prepared_grant_window")
        ]


class Grant(models.Model):
    """A grant as deciding needs it. Everything but its state is fixed when it is signed (trigger).

    `terms` are canonical bytes of the compiled terms; `seal` is the registry's signature over the digests
    and the pair, made when it was signed. A row whose seal does not fit denies.
    """

    id = id_key()
    livemode = models.BooleanField()
    offer = relation("registry.Offer", unique=True)
    organization = relation("registry.Organization")
    performer = relation("registry.Performer")
    reference = id_text()
    # The stage name in the body; empty on grants from before the column.
    performer_name = models.CharField(max_length=120, blank=True, db_default="")
    credential = relation("registry.Credential")
    method = id_text(max_length=16)
    identity_check = relation("registry.IdentityCheck")
    over_18 = models.BooleanField()
    adult = models.BooleanField()
    unrepresented = (
        models.BooleanField()
    )  # replaces work in person, and nobody stood by: needs a confirmation
    state = id_text(max_length=16)
    state_seq = models.IntegerField()
    terms = models.BinaryField()
    terms_sha256 = id_text()
    grant_sha256 = id_text()
    seal = models.TextField()
    exclusive = models.BinaryField(null=True)  # the body's member as canonical bytes; read when others sign
    status_list = models.IntegerField()
    status_index = models.IntegerField()
    supersedes = relation("registry.Grant", null=True)
    first_shown_at = models.DateTimeField()
    signed_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    activated_at = models.DateTimeField(null=True)
    state_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField()

    class Meta:
        """No grant of anybody not verified as an adult; adult terms only by passkey."""

        constraints: ClassVar = [
            side_key("grant_side", "id"),
            side_key("grant_of_performer", "id", "performer"),
            one_of("state", LIVING + ENDED, "grant_state"),
            models.CheckConstraint(condition=Q(over_18=True), name="grant_adults_only"),
            models.CheckConstraint(
                condition=Q(adult=False) | Q(method="webauthn"), name="grant_adult_terms_by_passkey"
            ),
            one_of("method", ("ed25519", "webauthn"), "grant_method"),
            models.CheckConstraint(
                condition=Q(state__in=ENDED, ended_at__isnull=False) | Q(state__in=LIVING, ended_at=None),
                name="grant_ended_has_instant",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("active", "suspended")) | Q(activated_at__isnull=False),
                name="grant_active_since",
            ),
            models.CheckConstraint(
                condition=Q(adult=False, unrepresented=False)
                | Q(activated_at=None)
                | Q(confirmed_at__isnull=False),
                name="grant_active_was_confirmed",
            ),
            models.CheckConstraint(condition=Q(valid_until__gt=F("valid_from")), name="grant_window_ordered"),
            models.CheckConstraint(
                condition=Q(first_shown_at__lte=F("signed_at")), name="grant_shown_before_signed"
            ),
            models.CheckConstraint(
                condition=Q(status_index__gte=0, status_index__lt=LIST_SIZE, status_list__gte=0),
                name="grant_status_in_list",
            ),
            models.UniqueConstraint(
                fields=["livemode", "status_list", "status_index"], name="grant_status_once"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["organization", "livemode", "-signed_at", "id"], name="grant_by_side"),
            models.Index(fields=["performer", "organization"], name="grant_by_pair"),
            models.Index(fields=["valid_until"], condition=Q(state__in=LIVING), name="grant_living_by_end"),
            models.Index(fields=["performer", "-signed_at", "id"], name="grant_by_performer"),
            models.Index(
                fields=["performer", "state", "organization", "valid_until"],
                condition=Q(state__in=LIVING),
                name="grant_living_of_performer",
            ),
        ]


class GrantEnding(models.Model):
    """That a grant ended: written once with the ending and append-only, a second witness beside the state."""

    grant = relation("registry.Grant")
    livemode = models.BooleanField()
    performer = relation("registry.Performer")
    outcome = id_text(max_length=16)
    authority = id_text(max_length=16)
    statement = relation("registry.Statement", null=True)
    event = id_text()
    ended_at = models.DateTimeField()

    class Meta:
        """Ending is final; only a voiding may still follow it."""

        constraints: ClassVar = [
            one_of("outcome", ENDED, "grant_ending_outcome"),
            one_of("authority", AUTHORITIES, "grant_ending_authority"),
            models.UniqueConstraint(
                fields=["grant"], condition=~Q(outcome="voided"), name="grant_ending_once"
            ),
            models.UniqueConstraint(
                fields=["grant"], condition=Q(outcome="voided"), name="grant_voided_once"
            ),
        ]


class GrantHold(models.Model):
    """One holder's suspension of a grant; the grant is active again when no hold is open."""

    grant = relation("registry.Grant")
    livemode = models.BooleanField()
    performer = relation("registry.Performer")
    holder = id_text()  # "performer", "operator", "guild:<name>", "order:<reference>"
    authority = id_text(max_length=16)
    event = id_text()
    placed_at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        """A holder holds once at a time."""

        constraints: ClassVar = [
            one_of("authority", AUTHORITIES, "grant_hold_authority"),
            models.UniqueConstraint(
                fields=["grant", "holder"], condition=Q(lifted_at=None), name="grant_hold_once"
            ),
        ]


class PendingRevocation(models.Model):
    """A revocation begun without a key: final when it is due, unless a passkey cancels it (DESIGN §10)."""

    id = id_key()
    grant = relation("registry.Grant")
    livemode = models.BooleanField()
    performer = relation("registry.Performer")
    authority = id_text(max_length=16)
    begun_at = models.DateTimeField()
    due_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    outcome = optional_id(max_length=16)

    class Meta:
        """One at a time; closed by its cancellation or by the ending."""

        constraints: ClassVar = [
            one_of("authority", AUTHORITIES, "pending_revocation_authority"),
            models.CheckConstraint(
                condition=Q(closed_at=None, outcome=None)
                | Q(closed_at__isnull=False, outcome__in=("cancelled", "ended")),
                name="pending_revocation_closed_how",
            ),
            models.CheckConstraint(condition=Q(due_at__gt=F("begun_at")), name="pending_revocation_window"),
            models.UniqueConstraint(
                fields=["grant"], condition=Q(closed_at=None), name="pending_revocation_once"
            ),
        ]


class StatusSlot(models.Model):
    """A place in a status list, given out at random and never again."""

    livemode = models.BooleanField()
    status_list = models.IntegerField()
    status_index = models.IntegerField()

    class Meta:
        """Never reused."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["livemode", "status_list", "status_index"], name="status_slot_once"
            )
        ]


class Countersignature(models.Model):
    """The registry's countersignature with the place in history, made when a package is first read."""

    grant = models.OneToOneField(
        "registry.Grant", primary_key=True, on_delete=models.PROTECT, db_constraint=False, related_name="+"
    )
    livemode = models.BooleanField()
    jws = models.TextField()
