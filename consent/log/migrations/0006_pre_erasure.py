"""Forgetting: of an erased event only its entry, its place and its time are left, and only an erasure does that."""

from typing import ClassVar

import django.db.models.functions.datetime
from django.db import migrations, models

from consent.log.append_only import CREATE_ERASURE_FUNCTIONS, DROP_ERASURE_FUNCTIONS, erasable

# An event is blanked whole, or, if it tells of the erasure itself, loses the id of whom it was about.
CREATE_ERASED = """
CREATE FUNCTION log_event_erased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.event_id, NEW.livemode, NEW.seq, NEW.entry, NEW.chain, NEW.recorded_at)
            IS DISTINCT FROM (OLD.event_id, OLD.livemode, OLD.seq, OLD.entry, OLD.chain, OLD.recorded_at)
       OR NEW.performer_id IS NOT NULL OR NEW.organization_id IS NOT NULL OR NEW.grant_id IS NOT NULL
       OR (NEW.kind, NEW.record, NEW.sealed) IS DISTINCT FROM ('erased', 'erased', ''::bytea)
          AND (OLD.kind <> 'performer.erased'
               OR (NEW.kind, NEW.record, NEW.sealed) IS DISTINCT FROM (OLD.kind, OLD.record, OLD.sealed)) THEN
        RAISE EXCEPTION 'of event % an erasure may change nothing but what is about the person', OLD.event_id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER log_event_erased BEFORE UPDATE ON log_event FOR EACH ROW EXECUTE FUNCTION log_event_erased();
ALTER TABLE log_event ENABLE ALWAYS TRIGGER log_event_erased;
"""
DROP_ERASED = "DROP TRIGGER log_event_erased ON log_event; DROP FUNCTION log_event_erased();"

CREATE_CLOSES = """
CREATE FUNCTION log_erasurepermit_closes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE' THEN
        RAISE EXCEPTION 'a permit of an erasure is kept' USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.closed_at IS NOT NULL OR NEW.subject IS NOT NULL OR (NEW.erasure, NEW.livemode, NEW.opened_at)
            IS DISTINCT FROM (OLD.erasure, OLD.livemode, OLD.opened_at) THEN
        RAISE EXCEPTION 'permit % can only be closed, once', OLD.erasure USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER log_erasurepermit_closes BEFORE UPDATE OR DELETE ON log_erasurepermit
    FOR EACH ROW EXECUTE FUNCTION log_erasurepermit_closes();
ALTER TABLE log_erasurepermit ENABLE ALWAYS TRIGGER log_erasurepermit_closes;
"""
DROP_CLOSES = """
DROP TRIGGER log_erasurepermit_closes ON log_erasurepermit; DROP FUNCTION log_erasurepermit_closes();
"""


class Migration(migrations.Migration):
    """A new table, and triggers in the place of those that refused without exception."""

    dependencies: ClassVar = [("log", "0005_pre_publication")]

    operations: ClassVar = [
        migrations.RunSQL("SET LOCAL lock_timeout = '4s'", migrations.RunSQL.noop),
        migrations.CreateModel(
            name="ErasurePermit",
            fields=[
                ("erasure", models.TextField(db_collation="C", primary_key=True, serialize=False)),
                ("livemode", models.BooleanField()),
                ("subject", models.TextField(db_collation="C", null=True)),
                (
                    "opened_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                ("closed_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "log_erasurepermit",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("closed_at__isnull", False), ("subject", None))
                        | models.Q(("closed_at", None), ("subject__isnull", False)),
                        name="log_erasurepermit_open_or_closed",
                    )
                ],
            },
        ),
        migrations.RunSQL(CREATE_CLOSES, DROP_CLOSES),
        migrations.RunSQL(CREATE_ERASURE_FUNCTIONS, DROP_ERASURE_FUNCTIONS),
        erasable("log_event", "append_only", "UPDATE OR DELETE OR TRUNCATE", by="UPDATE"),
        migrations.RunSQL(CREATE_ERASED, DROP_ERASED),
    ]
