"""Which status lists there are, and when each was last published."""

from typing import ClassVar

from django.db import migrations, models
from django.db.models import Q

from consent.log.append_only import frozen_columns, undeletable

# Lists that grants have places in already; a fresh registry begins its first list with its first grant.
SEED = """
INSERT INTO registry_statuslist (livemode, number, database_id)
SELECT n.livemode, g.number, h.database_id
FROM (SELECT livemode, max(status_list) AS newest FROM registry_statusslot GROUP BY livemode) n
JOIN log_head h ON h.livemode = n.livemode
CROSS JOIN LATERAL generate_series(0, n.newest) AS g (number)
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("registry", "0008_pre_erasure"), ("log", "0001_initial")]

    operations: ClassVar = [
        migrations.RunSQL("SET LOCAL lock_timeout = '4s'", migrations.RunSQL.noop),
        migrations.CreateModel(
            name="StatusList",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("livemode", models.BooleanField()),
                ("number", models.IntegerField()),
                ("database_id", models.CharField(db_collation="C", max_length=64)),
                ("issued_at", models.DateTimeField(null=True)),
                ("seq", models.BigIntegerField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("livemode", "number"), name="status_list_once"),
                    models.CheckConstraint(condition=Q(number__gte=0), name="status_list_natural"),
                    models.CheckConstraint(
                        condition=Q(issued_at=None, seq=None) | Q(issued_at__isnull=False, seq__isnull=False),
                        name="status_list_issued_of_position",
                    ),
                ]
            },
        ),
        undeletable("registry_statuslist"),
        frozen_columns("registry_statuslist", ("livemode", "number", "database_id")),
        migrations.RunSQL(SEED, migrations.RunSQL.noop),
    ]
