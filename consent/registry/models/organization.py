"""Organizations, their two sides and their members."""

from typing import ClassVar

from django.db import models

from consent.registry.models.columns import id_key, id_text, one_of, relation

ROLES = ("owner", "developer", "producer", "desk")


class Organization(models.Model):
    """A licensee, host, platform, agency or guild; the same company on both sides."""

    id = id_key()
    legal_name = models.CharField(max_length=200)
    country = id_text(max_length=2)
    contact = models.CharField(max_length=320)
    created_at = models.DateTimeField()


class OrganizationSide(models.Model):
    """An organization's live or test side; everything else hangs on a side, so that the two never meet."""

    organization = relation("registry.Organization")
    livemode = models.BooleanField()
    opened_at = models.DateTimeField()

    class Meta:
        """One row a side."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organization", "livemode"], name="organization_side_unique")
        ]


class Member(models.Model):
    """A person who acts for an organization. The e-mail address is sealed."""

    id = id_key()
    organization = relation("registry.Organization")
    role = id_text(max_length=16)
    display_name = models.CharField(max_length=200)
    record = id_text()
    sealed = models.BinaryField()
    created_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)

    class Meta:
        """Roles are a closed list."""

        constraints: ClassVar = [one_of("role", ROLES, "member_role")]
        indexes: ClassVar = [models.Index(fields=["organization"], name="member_by_organization")]
