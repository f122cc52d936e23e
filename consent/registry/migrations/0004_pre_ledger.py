"""Which segments of the decision ledger were shipped, and how often was asked about whom."""

import django.db.models.deletion
from django.db import migrations, models

from consent.log.append_only import append_only

# Not deferrable, as in 0002: (columns, target, target columns).
FOREIGN_KEYS = (
    ("performer_id, livemode", "performer", "id, livemode"),
    ("organization_id, livemode", "organizationside", "organization_id, livemode"),
)


def _foreign_keys() -> list[migrations.RunSQL]:
    return [
        migrations.RunSQL(
            f"ALTER TABLE registry_checkcount ADD CONSTRAINT registry_checkcount_side_fk_{number} "
            f"FOREIGN KEY ({columns}) REFERENCES registry_{target} ({target_columns}) NOT DEFERRABLE",
            f"ALTER TABLE registry_checkcount DROP CONSTRAINT registry_checkcount_side_fk_{number}",
        )
        for number, (columns, target, target_columns) in enumerate(FOREIGN_KEYS)
    ]


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0003_pre_passkeys"),
    ]

    operations = [
        migrations.RunSQL("SET LOCAL lock_timeout = '4s'", migrations.RunSQL.noop),
        migrations.CreateModel(
            name="LedgerSegment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("livemode", models.BooleanField()),
                ("boot", models.CharField(db_collation="C", max_length=12)),
                ("segment", models.IntegerField()),
                ("node", models.CharField(db_collation="C", max_length=100)),
                ("first", models.BigIntegerField()),
                ("count", models.IntegerField()),
                ("root", models.CharField(db_collation="C", max_length=64)),
                ("previous", models.CharField(db_collation="C", max_length=64)),
                ("chain", models.CharField(db_collation="C", max_length=64)),
                ("dropped", models.BigIntegerField()),
                ("sealed_at", models.DateTimeField()),
                ("shipped_at", models.DateTimeField()),
            ],
            options={
                "indexes": [models.Index(fields=["shipped_at"], name="ledger_segment_shipped")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("boot", "segment", "livemode"), name="ledger_segment_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("count__gt", 0), ("dropped__gte", 0), ("first__gte", 0), ("segment__gte", 0)
                        ),
                        name="ledger_segment_natural",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CheckCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("livemode", models.BooleanField()),
                ("day", models.DateField()),
                ("grant", models.CharField(db_collation="C", max_length=64)),
                ("allowed", models.BigIntegerField()),
                ("denied", models.BigIntegerField()),
                (
                    "organization",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry.organization",
                    ),
                ),
                (
                    "performer",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry.performer",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["grant", "day"], name="check_count_by_grant")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("performer", "day", "organization", "grant"), name="check_count_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("allowed__gte", 0), ("denied__gte", 0)),
                        name="check_count_natural",
                    ),
                ],
            },
        ),
        *_foreign_keys(),
        append_only("registry_ledgersegment"),
    ]
