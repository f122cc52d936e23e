"""Status lists: which there are, under which history each was begun, and how fresh the published one is."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from consent.registry.models.columns import id_text


class StatusList(models.Model):
    """One list of 2^20 places. It takes no more grants once it is full, or once its history was declared lost.

    `issued_at` and `seq` are of the newest list that was published: when, and the position whose grants it shows.
    """

    livemode = models.BooleanField()
    number = models.IntegerField()
    database_id = id_text()
    issued_at = models.DateTimeField(null=True)
    seq = models.BigIntegerField(null=True)

    class Meta:
        """A number names one list for ever."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["livemode", "number"], name="status_list_once"),
            models.CheckConstraint(condition=Q(number__gte=0), name="status_list_natural"),
            models.CheckConstraint(
                condition=Q(issued_at=None, seq=None) | Q(issued_at__isnull=False, seq__isnull=False),
                name="status_list_issued_of_position",
            ),
        ]
