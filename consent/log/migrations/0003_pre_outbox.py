"""The outbox: notices to people, written with the events they tell of."""

from typing import Any

from django.db import migrations, models
from django.db.models.functions import Now


def without_pattern_indexes(apps: Any, editor: Any) -> None:
    """Leave out the index for LIKE that Django adds to text keys: under COLLATE "C" it repeats the key."""
    editor.deferred_sql[:] = [sql for sql in editor.deferred_sql if "text_pattern_ops" not in str(sql)]


class Migration(migrations.Migration):
    """One new table; nothing else changes."""

    dependencies = [("log", "0002_drop_pattern_indexes")]

    operations = [
        migrations.CreateModel(
            name="Outbox",
            fields=[
                ("id", models.TextField(db_collation="C", primary_key=True, serialize=False)),
                ("livemode", models.BooleanField()),
                ("kind", models.TextField(db_collation="C")),
                ("event_id", models.TextField(db_collation="C", null=True)),
                ("performer_id", models.TextField(db_collation="C", null=True)),
                ("grant", models.TextField(db_collation="C", null=True)),
                ("offer", models.TextField(db_collation="C", null=True)),
                ("invitation", models.TextField(db_collation="C", null=True)),
                ("credential", models.TextField(db_collation="C", null=True)),
                ("record", models.TextField(db_collation="C", null=True)),
                ("sealed", models.BinaryField(null=True)),
                ("created_at", models.DateTimeField(db_default=Now())),
                ("expires_at", models.DateTimeField(null=True)),
                ("next_attempt_at", models.DateTimeField(db_default=Now())),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("hinted_until", models.DateTimeField(null=True)),
                ("claimed_until", models.DateTimeField(null=True)),
                ("sent_at", models.DateTimeField(null=True)),
                ("given_up_at", models.DateTimeField(null=True)),
                ("last_error", models.TextField(db_collation="C", default="")),
            ],
            options={
                "db_table": "log_outbox",
                "indexes": [
                    models.Index(
                        fields=["next_attempt_at"],
                        name="log_outbox_waiting",
                        condition=models.Q(("given_up_at", None), ("sent_at", None)),
                    ),
                    models.Index(
                        fields=["id"],
                        name="log_outbox_secrets",
                        condition=models.Q(("record__isnull", False)),
                    ),
                    models.Index(fields=["created_at"], name="log_outbox_by_age"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("event_id__isnull", False)),
                        fields=("event_id", "kind"),
                        name="log_outbox_once_an_event",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("sent_at", None), ("given_up_at", None), _connector="OR"),
                        name="log_outbox_one_outcome",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("record", None), ("sealed", None)),
                            models.Q(("record__isnull", False), ("sealed__isnull", False)),
                            _connector="OR",
                        ),
                        name="log_outbox_sealed_under_a_record",
                    ),
                ],
            },
        ),
        migrations.RunPython(without_pattern_indexes, migrations.RunPython.noop),
    ]
