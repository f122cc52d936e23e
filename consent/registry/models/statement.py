"""Signed statements as they arrived: sealed, append-only, each id and each nonce once."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from consent.registry.models.columns import id_key, id_text, one_of, optional_id, relation, side_key

KINDS = (
    "cancellation",
    "confirmation",
    "credential",
    "grant",
    "limits",
    "rescission",
    "resumption",
    "revocation",
    "suspension",
)


class Statement(models.Model):
    """One statement; `sealed` holds the envelope and, for a grant, the exact text that was shown.

    The id of a grant statement is the grant's id. `authority` says who vouches: the performer's signature,
    or the registry's own (keys it introduced).
    """

    id = id_key()
    livemode = models.BooleanField()
    kind = id_text(max_length=16)
    authority = id_text(max_length=16)
    performer = relation("registry.Performer")
    credential = relation("registry.Credential")
    grant = relation("registry.Grant", null=True)
    body_sha256 = id_text()
    nonce = id_text()
    record = id_text()
    sealed = models.BinaryField()
    event = id_text()  # that records it
    awaits = optional_id()  # the denial that an answer waits for, if it denies
    received_at = models.DateTimeField()

    class Meta:
        """Nonces are one-use; the registry vouches for nothing but keys it introduced."""

        constraints: ClassVar = [
            side_key("statement_side", "id", "performer"),
            one_of("kind", KINDS, "statement_kind"),
            models.UniqueConstraint(fields=["nonce"], name="statement_nonce_once"),
            models.CheckConstraint(
                condition=Q(authority="performer") | Q(authority="registry", kind="credential"),
                name="statement_authority",
            ),
            models.CheckConstraint(
                condition=(Q(kind__in=("grant", "limits", "credential")) & Q(grant=None))
                | (~Q(kind__in=("grant", "limits", "credential")) & Q(grant__isnull=False)),
                name="statement_names_its_grant",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["grant"], name="statement_by_grant")]


class Acknowledgement(models.Model):
    """The signed answer to an ending, kept so that asking again gives the same bytes."""

    event = id_key()
    jws = models.TextField()
