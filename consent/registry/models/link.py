"""Links that work once. The token is in the link only; here is its SHA-256."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from consent.registry.models.columns import id_key, id_text, one_of, relation

KINDS = ("member", "operator", "recovery", "stop")


class OneUseLink(models.Model):
    """A link that lets one person in once, before it expires."""

    digest = id_key()  # SHA-256 of the 32-byte token, hex
    kind = id_text(max_length=16)
    operator = relation("registry.Operator", null=True)
    member = relation("registry.Member", null=True)
    performer = relation("registry.Performer", null=True)
    livemode = models.BooleanField(null=True)  # a performer's side
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        """Whom it lets in fits its kind."""

        constraints: ClassVar = [
            one_of("kind", KINDS, "one_use_link_kind"),
            models.CheckConstraint(
                condition=Q(
                    kind="operator", operator__isnull=False, member=None, performer=None, livemode=None
                )
                | Q(kind="member", operator=None, member__isnull=False, performer=None, livemode=None)
                | Q(
                    kind__in=("recovery", "stop"),
                    operator=None,
                    member=None,
                    performer__isnull=False,
                    livemode__isnull=False,
                ),
                name="one_use_link_for_whom",
            ),
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="one_use_link_window"),
        ]
        indexes: ClassVar = [models.Index(fields=["expires_at"], name="one_use_link_by_end")]
