"""Forgetting: decisions, legal holds, and the narrow way past the append-only tables."""

from typing import Any, ClassVar

import django.db.models.deletion
from django.db import migrations, models

from consent.log.append_only import OF_PERFORMER, erasable, frozen_columns, undeletable

_ALL, _REMOVALS = "UPDATE OR DELETE OR TRUNCATE", "DELETE OR TRUNCATE"
_OF_GRANT = "SELECT g.performer_id FROM registry_grant g WHERE g.id = $1 ->> 'grant_id'"
_OF_EVENT = "SELECT e.performer_id FROM log_event e WHERE e.event_id = $1 ->> 'event'"
# (table, the trigger that refused, what it refuses, what an erasure may do, whose the row is)
ERASABLE = (
    ("acknowledgement", "append_only", _ALL, "DELETE", _OF_EVENT),
    ("countersignature", "append_only", _ALL, "DELETE", _OF_GRANT),
    ("credential", "undeletable", _REMOVALS, "DELETE", OF_PERFORMER),
    ("feedentry", "append_only", _ALL, "UPDATE", OF_PERFORMER),
    ("grant", "undeletable", _REMOVALS, "DELETE", OF_PERFORMER),
    ("grantending", "append_only", _ALL, "DELETE", OF_PERFORMER),
    ("granthold", "undeletable", _REMOVALS, "DELETE", OF_PERFORMER),
    ("identitycheck", "append_only", _ALL, "DELETE", OF_PERFORMER),
    ("limits", "append_only", _ALL, "DELETE", OF_PERFORMER),
    ("offer", "undeletable", _REMOVALS, "DELETE", OF_PERFORMER),
    ("statement", "append_only", _ALL, "DELETE", OF_PERFORMER),
)

# As in 0006, but that an erasure is told to everybody who was given a reference or named in a grant, whether or not
# a grant lives, and that legal holds are told to nobody.
_QUIET = """'credential.blocked', 'credential.introduced', 'grant.confirmed', 'grant.revocation_begun',
    'grant.revocation_cancelled', 'identity.checked', 'invitation.redeemed', 'invitation.revoked',
    'legal_hold.lifted', 'legal_hold.placed', 'offer.changes_requested', 'offer.declined', 'offer.sent',
    'offer.viewed', 'offer.withdrawn', 'performer.forgotten'"""
_NAMES = "'external_id.removed', 'external_id.set', 'performer.introduced'"
_PAIR = f"{_NAMES}, 'prior_record.imported'"
_TOLD = f"""{_PAIR}, 'grant.active', 'grant.ended', 'grant.paused', 'grant.resumed', 'grant.signed',
    'limits.changed', 'performer.erased'"""
_LIVING = "'active', 'signed', 'suspended'"
_TRIGGER = """
DROP TRIGGER log_event_feed ON log_event;
CREATE TRIGGER log_event_feed AFTER INSERT ON log_event FOR EACH ROW
    WHEN (NEW.performer_id ~ '^[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}$' AND NEW.kind NOT IN ({quiet}))
    EXECUTE FUNCTION registry_feed();
ALTER TABLE log_event ENABLE ALWAYS TRIGGER log_event_feed;
"""
_FUNCTION = """
CREATE OR REPLACE FUNCTION registry_feed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    person uuid;
    by_performer boolean := NEW.organization_id IS NULL;
    by_pair boolean := NEW.organization_id IS NOT NULL AND NEW.grant_id IS NULL AND NEW.kind NOT IN ({pair});
    told text := CASE WHEN NEW.kind IN ({told}) THEN NEW.kind ELSE 'changed' END;
BEGIN
    person := NEW.performer_id::uuid;
    WITH views AS (
        SELECT NEW.organization_id AS organization, NEW.organization_id AS licensee, told AS event
        WHERE NOT by_performer
        {erased}
        UNION
        SELECT r.organization_id, r.licensee_id, told FROM registry_grantrecipient r
        WHERE r.grant_id = NEW.grant_id
        UNION
        SELECT r.organization_id, r.licensee_id, 'changed' FROM registry_grantrecipient r
        WHERE by_pair AND r.performer_id = person AND r.licensee_id = NEW.organization_id
        UNION
        SELECT r.organization_id, r.licensee_id, told
        FROM registry_grantrecipient r JOIN registry_grant g ON g.id = r.grant_id
        WHERE NEW.kind IN ({names}) AND r.performer_id = person
          AND r.organization_id = NEW.organization_id AND g.state IN ({living})
        UNION
        SELECT g.organization_id, g.organization_id, told FROM registry_grant g
        WHERE by_performer AND g.performer_id = person AND g.livemode = NEW.livemode AND g.state IN ({living})
        UNION
        SELECT r.organization_id, r.licensee_id, told
        FROM registry_grantrecipient r JOIN registry_grant g ON g.id = r.grant_id
        WHERE by_performer AND r.performer_id = person AND r.livemode = NEW.livemode AND g.state IN ({living})
    ), named AS (
        SELECT v.organization, v.licensee, v.event, p.reference,
               row_number() OVER (PARTITION BY v.organization ORDER BY v.licensee) AS place,
               count(*) OVER (PARTITION BY v.organization) AS places
        FROM (SELECT organization, licensee, min(event) AS event FROM views GROUP BY organization, licensee) v
        JOIN registry_pairwisereference p ON p.performer_id = person AND p.organization_id = v.licensee
             AND p.livemode = NEW.livemode
    ), counted AS (
        INSERT INTO registry_feedcounter AS c (organization_id, livemode, n)
        SELECT organization, NEW.livemode, count(*) FROM named GROUP BY organization
        ON CONFLICT (organization_id, livemode) DO UPDATE SET n = c.n + EXCLUDED.n
        RETURNING c.organization_id, c.n
    )
    INSERT INTO registry_feedentry (organization_id, livemode, n, seq, event, performer_id, licensee_id, reference,
                                    "grant", at)
    SELECT named.organization, NEW.livemode, counted.n - named.places + named.place, NEW.seq, named.event, person,
           named.licensee, named.reference, NEW.grant_id, NEW.recorded_at
    FROM named JOIN counted ON counted.organization_id = named.organization;
    RETURN NULL;
END $$;
"""
_ERASED = """UNION
        SELECT p.organization_id, p.organization_id, told FROM registry_pairwisereference p
        WHERE NEW.kind = 'performer.erased' AND p.performer_id = person AND p.livemode = NEW.livemode"""
_WORDS = {"pair": _PAIR, "names": _NAMES, "living": _LIVING}
FEED = _FUNCTION.format(told=_TOLD, erased=_ERASED, **_WORDS) + _TRIGGER.format(quiet=_QUIET)
FEED_BEFORE = (
    _FUNCTION.format(told=_TOLD.replace(", 'performer.erased'", ""), erased="", **_WORDS)
    + _TRIGGER.format(
        quiet=_QUIET.replace("'legal_hold.lifted', 'legal_hold.placed', ", "").replace(
            ", 'performer.forgotten'", ""
        )
    )
)  # fmt: skip

_FOREIGN_KEY = (
    "ALTER TABLE registry_legalhold ADD CONSTRAINT registry_legalhold_side_fk_0 FOREIGN KEY (performer_id, livemode) "
    "REFERENCES registry_performer (id, livemode) NOT DEFERRABLE"
)


def _text(length: int, **options: Any) -> "models.CharField[str, str]":
    return models.CharField(max_length=length, db_collation="C", **options)


class Migration(migrations.Migration):
    dependencies: ClassVar = [("registry", "0007_pre_commitments"), ("log", "0006_pre_erasure")]

    operations: ClassVar = [
        migrations.RunSQL("SET LOCAL lock_timeout = '4s'", migrations.RunSQL.noop),
        migrations.AddField(model_name="performer", name="erasing_at", field=models.DateTimeField(null=True)),
        migrations.CreateModel(
            name="Erasure",
            fields=[
                ("id", _text(64, primary_key=True, serialize=False)),
                ("livemode", models.BooleanField()),
                ("performer", models.UUIDField(null=True)),
                ("ground", _text(16)),
                ("decided_by", _text(100)),
                ("event", _text(64, null=True)),
                ("begun_at", models.DateTimeField()),
                ("erased_at", models.DateTimeField(null=True)),
                ("complete_from", models.DateTimeField(null=True)),
                ("completed_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("completed_at", None)),
                        fields=["begun_at"],
                        name="erasure_waiting",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ground__in", ("operator", "order", "performer", "restored"))),
                        name="erasure_ground",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("performer__isnull", False)),
                        fields=("performer",),
                        name="erasure_one_a_performer",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("complete_from", None), ("erased_at", None))
                        | models.Q(
                            ("complete_from__gt", models.F("erased_at")), ("erased_at__isnull", False)
                        ),
                        name="erasure_complete_after_erased",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("completed_at", None), ("performer__isnull", False))
                        | models.Q(
                            ("completed_at__isnull", False),
                            ("erased_at__isnull", False),
                            ("performer", None),
                        ),
                        name="erasure_tombstone_names_nobody",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LegalHold",
            fields=[
                ("id", _text(64, primary_key=True, serialize=False)),
                (
                    "performer",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry.performer",
                    ),
                ),
                ("livemode", models.BooleanField()),
                ("record", _text(64)),
                ("sealed", models.BinaryField()),
                ("until", models.DateTimeField()),
                ("placed_by", _text(100)),
                ("placed_at", models.DateTimeField()),
                ("lifted_by", _text(100, blank=True)),
                ("lifted_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("until__gt", models.F("placed_at"))), name="legal_hold_window"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("lifted_at", None), ("lifted_by", ""))
                        | models.Q(("lifted_at__isnull", False), models.Q(("lifted_by", ""), _negated=True)),
                        name="legal_hold_lifted_by_somebody",
                    ),
                ]
            },
        ),
        migrations.RunSQL(
            _FOREIGN_KEY, "ALTER TABLE registry_legalhold DROP CONSTRAINT registry_legalhold_side_fk_0"
        ),
        undeletable("registry_erasure"),
        frozen_columns("registry_erasure", ("id", "livemode", "ground", "decided_by", "begun_at")),
        frozen_columns(
            "registry_legalhold",
            ("id", "performer_id", "livemode", "record", "sealed", "until", "placed_by", "placed_at"),
        ),
        *(
            erasable(f"registry_{table}", trigger, refused, by=by, subject=subject)
            for table, trigger, refused, by, subject in ERASABLE
        ),
        migrations.RunSQL(FEED, FEED_BEFORE),
    ]
