"""What the history commits to of the decision ledger; a segment's row goes once it is part of a run."""

from typing import Any, ClassVar

from django.db import migrations, models
from django.db.models import F, Q

from consent.log.append_only import append_only, frozen_columns, undeletable

# Until now the table refused everything but new rows. The database still knows the rule: a row goes only into a run.
CREATE_COMMITTED = """
CREATE FUNCTION registry_ledgersegment_committed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM registry_ledgerrun r WHERE r.livemode = OLD.livemode AND r.boot = OLD.boot
                   AND OLD.segment BETWEEN r.first_segment AND r.last_segment) THEN
        RAISE EXCEPTION 'segment % of boot % is not committed to', OLD.segment, OLD.boot
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END $$;
DROP TRIGGER registry_ledgersegment_append_only ON registry_ledgersegment;
CREATE TRIGGER registry_ledgersegment_append_only BEFORE UPDATE OR TRUNCATE ON registry_ledgersegment
    FOR EACH STATEMENT EXECUTE FUNCTION consent_append_only();
ALTER TABLE registry_ledgersegment ENABLE ALWAYS TRIGGER registry_ledgersegment_append_only;
CREATE TRIGGER registry_ledgersegment_committed BEFORE DELETE ON registry_ledgersegment
    FOR EACH ROW EXECUTE FUNCTION registry_ledgersegment_committed();
ALTER TABLE registry_ledgersegment ENABLE ALWAYS TRIGGER registry_ledgersegment_committed;
"""
DROP_COMMITTED = """
DROP TRIGGER registry_ledgersegment_committed ON registry_ledgersegment;
DROP TRIGGER registry_ledgersegment_append_only ON registry_ledgersegment;
CREATE TRIGGER registry_ledgersegment_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON registry_ledgersegment
    FOR EACH STATEMENT EXECUTE FUNCTION consent_append_only();
ALTER TABLE registry_ledgersegment ENABLE ALWAYS TRIGGER registry_ledgersegment_append_only;
DROP FUNCTION registry_ledgersegment_committed();
"""
FROZEN = ("livemode", "boot", "node", "first_segment", "first", "previous", "first_commitment", "began_at")
_ID: dict[str, Any] = {"auto_created": True, "primary_key": True, "serialize": False, "verbose_name": "ID"}


def _id_text(max_length: int = 64) -> "models.CharField[str, str]":
    return models.CharField(db_collation="C", max_length=max_length)


class Migration(migrations.Migration):
    dependencies: ClassVar = [("registry", "0006_pre_feed"), ("log", "0001_initial")]

    operations: ClassVar = [
        migrations.RunSQL("SET LOCAL lock_timeout = '4s'", migrations.RunSQL.noop),
        migrations.AddField(
            model_name="ledgersegment",
            name="object_sha256",
            field=models.CharField(db_collation="C", max_length=64, null=True),
        ),
        migrations.CreateModel(
            name="LedgerCommitment",
            fields=[
                ("id", models.BigAutoField(**_ID)),
                ("livemode", models.BooleanField()),
                ("number", models.BigIntegerField()),
                ("count", models.IntegerField()),
                ("list", _id_text()),
                ("root", _id_text()),
                ("previous", _id_text()),
                ("event", _id_text()),
                ("committed_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("livemode", "number"), name="ledger_commitment_once"),
                    models.CheckConstraint(
                        condition=Q(number__gte=0, count__gt=0), name="ledger_commitment_natural"
                    ),
                ],
                "indexes": [models.Index(fields=["committed_at"], name="ledger_commitment_by_time")],
            },
        ),
        migrations.CreateModel(
            name="LedgerRun",
            fields=[
                ("id", models.BigAutoField(**_ID)),
                ("livemode", models.BooleanField()),
                ("boot", _id_text(12)),
                ("node", _id_text(100)),
                ("first_segment", models.IntegerField()),
                ("last_segment", models.IntegerField()),
                ("first", models.BigIntegerField()),
                ("count", models.BigIntegerField()),
                ("previous", _id_text()),
                ("chain", _id_text()),
                ("first_commitment", models.BigIntegerField()),
                ("last_commitment", models.BigIntegerField()),
                ("began_at", models.DateTimeField()),
                ("shipped_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("boot", "first_segment", "livemode"), name="ledger_run_once"
                    ),
                    models.UniqueConstraint(
                        fields=("boot", "last_segment", "livemode"), name="ledger_run_end_once"
                    ),
                    models.CheckConstraint(
                        condition=Q(
                            first_segment__gte=0,
                            last_segment__gte=F("first_segment"),
                            first__gte=0,
                            count__gt=0,
                            last_commitment__gte=F("first_commitment"),
                        ),
                        name="ledger_run_natural",
                    ),
                ],
                "indexes": [models.Index(fields=["shipped_at"], name="ledger_run_shipped")],
            },
        ),
        append_only("registry_ledgercommitment"),
        undeletable("registry_ledgerrun"),
        frozen_columns("registry_ledgerrun", FROZEN),
        migrations.RunSQL(CREATE_COMMITTED, DROP_COMMITTED),
    ]
