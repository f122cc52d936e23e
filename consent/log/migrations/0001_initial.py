"""The two histories: heads, events, enforcement, and the triggers that keep them from being rewritten."""

import django.db.models.functions.datetime
from django.db import migrations, models
from django.db.models.lookups import Exact

from consent.log import append_only
from consent.log.append_sql import CREATE_CHAINS, DROP_CHAINS
from consent.log.models import Octets

# The head only goes forward; its bounds may change while it stands still.
CREATE_HEAD_FORWARD = """
CREATE FUNCTION log_head_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.seq < OLD.seq OR (NEW.seq = OLD.seq AND (NEW.chain, NEW.before) IS DISTINCT FROM (OLD.chain, OLD.before))
       OR (NEW.livemode, NEW.database_id, NEW.key_store_id)
          IS DISTINCT FROM (OLD.livemode, OLD.database_id, OLD.key_store_id) THEN
        RAISE EXCEPTION 'log_head only goes forward' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER log_head_forward BEFORE UPDATE ON log_head FOR EACH ROW EXECUTE FUNCTION log_head_forward();
ALTER TABLE log_head ENABLE ALWAYS TRIGGER log_head_forward;
"""
DROP_HEAD_FORWARD = "DROP TRIGGER log_head_forward ON log_head; DROP FUNCTION log_head_forward();"

CREATE_ENFORCED_ONCE = """
CREATE FUNCTION log_enforced_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.enforced_at IS NOT NULL AND NEW.enforced_at IS DISTINCT FROM OLD.enforced_at THEN
        RAISE EXCEPTION 'enforced_at is recorded once' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER log_enforcement_once BEFORE UPDATE ON log_enforcement FOR EACH ROW
EXECUTE FUNCTION log_enforced_once();
ALTER TABLE log_enforcement ENABLE ALWAYS TRIGGER log_enforcement_once;
"""
DROP_ENFORCED_ONCE = (
    "DROP TRIGGER log_enforcement_once ON log_enforcement; DROP FUNCTION log_enforced_once();"
)


class Migration(migrations.Migration):
    """Tables, constraints and triggers of the log."""

    initial = True
    dependencies: list[tuple[str, str]] = []

    operations = [
        migrations.CreateModel(
            name="LogHead",
            fields=[
                ("livemode", models.BooleanField(primary_key=True, serialize=False)),
                ("seq", models.BigIntegerField(default=-1)),
                ("chain", models.BinaryField(max_length=32)),
                ("before", models.BinaryField(max_length=32)),
                ("l_node_ms", models.PositiveIntegerField(default=300)),
                ("l_wait_ms", models.PositiveIntegerField(default=300)),
                ("database_id", models.TextField(db_collation="C")),
                ("key_store_id", models.TextField(db_collation="C")),
            ],
            options={
                "db_table": "log_head",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("seq__gte", -1)), name="log_head_seq_from_minus_one"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("l_node_ms__lte", models.F("l_wait_ms"))),
                        name="log_head_l_node_within_l_wait",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("l_wait_ms__gte", 1)), name="log_head_l_wait_positive"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(Exact(Octets("chain"), 32)), name="log_head_chain_32_bytes"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Event",
            fields=[
                ("event_id", models.TextField(db_collation="C", primary_key=True, serialize=False)),
                ("livemode", models.BooleanField()),
                ("seq", models.BigIntegerField()),
                ("kind", models.TextField(db_collation="C")),
                ("performer_id", models.TextField(db_collation="C", null=True)),
                ("organization_id", models.TextField(db_collation="C", null=True)),
                ("record", models.TextField(db_collation="C")),
                ("sealed", models.BinaryField()),
                ("entry", models.BinaryField(max_length=33)),
                ("chain", models.BinaryField(max_length=32)),
                ("recorded_at", models.DateTimeField()),
            ],
            options={
                "db_table": "log_event",
                "constraints": [
                    models.UniqueConstraint(fields=("livemode", "seq"), name="log_event_seq_once"),
                    models.CheckConstraint(
                        condition=models.Q(("seq__gte", 0)), name="log_event_seq_from_zero"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(Exact(Octets("entry"), 33)), name="log_event_entry_33_bytes"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(Exact(Octets("chain"), 32)), name="log_event_chain_32_bytes"
                    ),
                ],
                "indexes": [
                    models.Index(
                        condition=models.Q(("performer_id__isnull", False)),
                        fields=["performer_id", "seq"],
                        name="log_event_performer",
                    ),
                    models.Index(
                        condition=models.Q(("organization_id__isnull", False)),
                        fields=["organization_id", "seq"],
                        name="log_event_organization",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Enforcement",
            fields=[
                ("event_id", models.TextField(db_collation="C", primary_key=True, serialize=False)),
                ("livemode", models.BooleanField()),
                ("noted_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("enforced_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "log_enforcement",
                "indexes": [
                    models.Index(
                        condition=models.Q(("enforced_at__isnull", True)),
                        fields=["noted_at"],
                        name="log_enforcement_waiting",
                    ),
                ],
            },
        ),
        migrations.RunSQL(sql=CREATE_CHAINS, reverse_sql=DROP_CHAINS),
        migrations.RunSQL(sql=append_only.CREATE_FUNCTIONS, reverse_sql=append_only.DROP_FUNCTIONS),
        append_only.append_only("log_event"),
        append_only.undeletable("log_head"),
        append_only.undeletable("log_enforcement"),
        append_only.frozen_columns("log_enforcement", ("event_id", "livemode", "noted_at")),
        migrations.RunSQL(sql=CREATE_HEAD_FORWARD, reverse_sql=DROP_HEAD_FORWARD),
        migrations.RunSQL(sql=CREATE_ENFORCED_ONCE, reverse_sql=DROP_ENFORCED_ONCE),
    ]
