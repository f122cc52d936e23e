"""Publishing the log: how far each log is, and every root that was ever signed."""

from typing import Any

from django.db import migrations, models
from django.db.models.functions import Now
from django.db.models.lookups import Exact

from consent.log import append_only
from consent.log.models import Octets

# A log only grows; a size has one root.
CREATE_FORWARD = """
CREATE FUNCTION log_publication_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.size < OLD.size OR (NEW.size = OLD.size AND NEW.root IS DISTINCT FROM OLD.root)
       OR NEW.published_size < OLD.published_size OR NEW.tidied_size < OLD.tidied_size
       OR (NEW.origin, NEW.livemode) IS DISTINCT FROM (OLD.origin, OLD.livemode) THEN
        RAISE EXCEPTION 'log_publication only goes forward' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER log_publication_forward BEFORE UPDATE ON log_publication
FOR EACH ROW EXECUTE FUNCTION log_publication_forward();
ALTER TABLE log_publication ENABLE ALWAYS TRIGGER log_publication_forward;
"""
DROP_FORWARD = (
    "DROP TRIGGER log_publication_forward ON log_publication; DROP FUNCTION log_publication_forward();"
)


def without_pattern_indexes(apps: Any, editor: Any) -> None:
    """Leave out the index for LIKE that Django adds to text keys: under COLLATE "C" it repeats the key."""
    editor.deferred_sql[:] = [sql for sql in editor.deferred_sql if "text_pattern_ops" not in str(sql)]


class Migration(migrations.Migration):
    """Two new tables; nothing else changes."""

    dependencies = [("log", "0004_pre_event_grant")]

    operations = [
        migrations.CreateModel(
            name="Publication",
            fields=[
                ("origin", models.TextField(db_collation="C", primary_key=True, serialize=False)),
                ("livemode", models.BooleanField()),
                ("size", models.BigIntegerField(default=0)),
                ("root", models.BinaryField(max_length=32)),
                ("published_size", models.BigIntegerField(default=0)),
                ("published_note", models.BinaryField(null=True)),
                ("published_at", models.DateTimeField(null=True)),
                ("tidied_size", models.BigIntegerField(default=0)),
                ("leader", models.TextField(db_collation="C", db_default="", default="")),
                ("leader_until", models.DateTimeField(null=True)),
                ("halted", models.TextField(db_default="", default="")),
                ("begun_at", models.DateTimeField(db_default=Now())),
            ],
            options={
                "db_table": "log_publication",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("published_size__gte", 0), ("published_size__lte", models.F("size"))
                        ),
                        name="log_publication_published_within",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("tidied_size__gte", 0), ("tidied_size__lte", models.F("published_size"))
                        ),
                        name="log_publication_tidied_within",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(Exact(Octets("root"), 32)), name="log_publication_root_32_bytes"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SignedRoot",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("origin", models.TextField(db_collation="C")),
                ("size", models.BigIntegerField()),
                ("root", models.BinaryField(max_length=32)),
                ("note", models.BinaryField()),
                ("signed_at", models.DateTimeField()),
            ],
            options={
                "db_table": "log_signed_root",
                "constraints": [
                    models.UniqueConstraint(fields=("origin", "size"), name="log_signed_root_once"),
                    models.CheckConstraint(
                        condition=models.Q(Exact(Octets("root"), 32)), name="log_signed_root_root_32_bytes"
                    ),
                ],
            },
        ),
        migrations.RunPython(without_pattern_indexes, migrations.RunPython.noop),
        append_only.append_only("log_signed_root"),
        append_only.undeletable("log_publication"),
        migrations.RunSQL(sql=CREATE_FORWARD, reverse_sql=DROP_FORWARD),
    ]
