"""Identity checks: who examined, how, when, and that the performer is an adult. Append-only."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from consent.registry.models.columns import id_text, one_of, relation

# Assurance, weakest first (DESIGN §2). Only an examined document can say that somebody is 18.
METHODS = ("self_attested", "phrase", "document", "document_and_live")
ADULT_METHODS = ("document", "document_and_live")


class IdentityCheck(models.Model):
    """One examination by a named examiner; never an image, only where the evidence is and its digest."""

    performer = relation("registry.Performer")
    livemode = models.BooleanField()
    examiner = models.CharField(max_length=200)
    method = id_text(max_length=24)
    evidence_sha256 = id_text()
    over_18 = models.BooleanField()
    checked_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        """`over_18` needs a document; the unique target is what a grant points at."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["id", "performer", "livemode", "over_18"], name="identity_check_target"
            ),
            one_of("method", METHODS, "identity_check_method"),
            models.CheckConstraint(condition=~Q(examiner=""), name="identity_check_examiner_named"),
            models.CheckConstraint(
                condition=Q(over_18=False) | Q(method__in=ADULT_METHODS),
                name="identity_check_adult_by_document",
            ),
            models.CheckConstraint(
                condition=Q(checked_at__lte=models.F("recorded_at")), name="identity_check_in_the_past"
            ),
        ]
