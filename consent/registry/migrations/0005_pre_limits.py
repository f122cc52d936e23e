"""Quotas and rates of API keys, with what was counted against them.

`account` has no foreign key: a check process, which may write nothing but counts, reads no other table to do it.
"""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("registry", "0004_pre_ledger")]

    operations: ClassVar = [
        migrations.RunSQL("SET LOCAL lock_timeout = '4s'", migrations.RunSQL.noop),
        migrations.AddField(
            model_name="apikey",
            name="daily_quota",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="apikey",
            name="rate_per_s",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="apikey",
            name="account",
            field=models.CharField(db_collation="C", max_length=64, null=True),
        ),
        migrations.AddConstraint(
            model_name="apikey",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("daily_quota", None), ("daily_quota__gte", 1), _connector="OR"),
                    models.Q(("rate_per_s", None), ("rate_per_s__gte", 1), _connector="OR"),
                ),
                name="api_key_limits_positive",
            ),
        ),
        migrations.CreateModel(
            name="KeyUse",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("account", models.CharField(db_collation="C", max_length=64)),
                ("day", models.DateField()),
                ("used", models.BigIntegerField()),
            ],
            options={
                "indexes": [models.Index(fields=["day"], name="key_use_by_day")],
                "constraints": [
                    models.UniqueConstraint(fields=("account", "day"), name="key_use_once"),
                    models.CheckConstraint(condition=models.Q(("used__gte", 0)), name="key_use_natural"),
                ],
            },
        ),
    ]
