"""The change feed: whom a grant names, whom an event concerns, and a counter for each of them.

Rows of the feed are written by the database when an event is appended. Events from before have no rows; the feed
says from where on it is complete (`feedstart`), and readers with an older position get a snapshot. The recipients of
grants from before are read from their terms.
"""

from typing import Any, ClassVar

import django.db.models.deletion
from django.db import migrations, models

from consent.log.append_only import append_only

# The terms are canonical JSON; `json` keeps what it cannot show as text, and never fails on our own bytes.
_RECIPIENTS = """
SELECT {row}.livemode, {row}.id, recipient, {row}.organization_id, {row}.performer_id
{source} json_array_elements_text(convert_from({row}.terms, 'UTF8')::json -> 'recipients') AS recipient
"""
_INTO = "INSERT INTO registry_grantrecipient (livemode, grant_id, organization_id, licensee_id, performer_id)"

RECIPIENTS = f"""
CREATE FUNCTION registry_name_recipients() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {_INTO} {_RECIPIENTS.format(row="NEW", source="FROM")};
    RETURN NULL;
END $$;
CREATE TRIGGER registry_grant_recipients AFTER INSERT ON registry_grant FOR EACH ROW
    WHEN (position('"recipients"'::bytea in NEW.terms) > 0) EXECUTE FUNCTION registry_name_recipients();
ALTER TABLE registry_grant ENABLE ALWAYS TRIGGER registry_grant_recipients;
{_INTO} {_RECIPIENTS.format(row="g", source="FROM registry_grant g,")}
WHERE position('"recipients"'::bytea in g.terms) > 0;
"""
DROP_RECIPIENTS = """
DROP TRIGGER registry_grant_recipients ON registry_grant;
DROP FUNCTION registry_name_recipients();
"""

# What changes no facts of a pair is told to nobody; what is not listed anywhere is told without its name.
_QUIET = """'credential.blocked', 'credential.introduced', 'grant.confirmed', 'grant.revocation_begun',
    'grant.revocation_cancelled', 'identity.checked', 'invitation.redeemed', 'invitation.revoked',
    'offer.changes_requested', 'offer.declined', 'offer.sent', 'offer.viewed', 'offer.withdrawn'"""
_NAMES = "'external_id.removed', 'external_id.set', 'performer.introduced'"
_PAIR = f"{_NAMES}, 'prior_record.imported'"
_TOLD = f"""{_PAIR}, 'grant.active', 'grant.ended', 'grant.paused', 'grant.resumed', 'grant.signed',
    'limits.changed'"""
_LIVING = "'active', 'signed', 'suspended'"

# It runs while the head is locked: whoever comes here has every lock that it will ever want, so that it can wait for
# nobody, and sees all that was committed before. Hence numbers are given in the order of seq.
FEED = f"""
CREATE FUNCTION registry_feed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    person uuid;
    by_performer boolean := NEW.organization_id IS NULL;
    by_pair boolean := NEW.organization_id IS NOT NULL AND NEW.grant_id IS NULL AND NEW.kind NOT IN ({_PAIR});
    told text := CASE WHEN NEW.kind IN ({_TOLD}) THEN NEW.kind ELSE 'changed' END;
BEGIN
    person := NEW.performer_id::uuid;
    WITH views AS (
        SELECT NEW.organization_id AS organization, NEW.organization_id AS licensee, told AS event
        WHERE NOT by_performer
        UNION
        SELECT r.organization_id, r.licensee_id, told FROM registry_grantrecipient r
        WHERE r.grant_id = NEW.grant_id
        UNION
        SELECT r.organization_id, r.licensee_id, 'changed' FROM registry_grantrecipient r
        WHERE by_pair AND r.performer_id = person AND r.licensee_id = NEW.organization_id
        UNION
        SELECT r.organization_id, r.licensee_id, told
        FROM registry_grantrecipient r JOIN registry_grant g ON g.id = r.grant_id
        WHERE NEW.kind IN ({_NAMES}) AND r.performer_id = person
          AND r.organization_id = NEW.organization_id AND g.state IN ({_LIVING})
        UNION
        SELECT g.organization_id, g.organization_id, told FROM registry_grant g
        WHERE by_performer AND g.performer_id = person AND g.livemode = NEW.livemode AND g.state IN ({_LIVING})
        UNION
        SELECT r.organization_id, r.licensee_id, told
        FROM registry_grantrecipient r JOIN registry_grant g ON g.id = r.grant_id
        WHERE by_performer AND r.performer_id = person AND r.livemode = NEW.livemode AND g.state IN ({_LIVING})
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
CREATE TRIGGER log_event_feed AFTER INSERT ON log_event FOR EACH ROW
    WHEN (NEW.performer_id ~ '^[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}$' AND NEW.kind NOT IN ({_QUIET}))
    EXECUTE FUNCTION registry_feed();
ALTER TABLE log_event ENABLE ALWAYS TRIGGER log_event_feed;
INSERT INTO registry_feedstart (livemode, seq) SELECT livemode, seq FROM log_head;
"""  # noqa: S608  # only the lists above are put in
DROP_FEED = """
DROP TRIGGER log_event_feed ON log_event;
DROP FUNCTION registry_feed();
"""

_ID: dict[str, Any] = {"auto_created": True, "primary_key": True, "serialize": False, "verbose_name": "ID"}


def _relation(to: str, *, indexed: bool = False) -> "models.ForeignKey[Any, Any]":
    return models.ForeignKey(
        db_constraint=False,
        db_index=indexed,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        to=f"registry.{to}",
    )


class Migration(migrations.Migration):
    dependencies: ClassVar = [("registry", "0005_pre_limits"), ("log", "0004_pre_event_grant")]

    operations: ClassVar = [
        migrations.RunSQL("SET LOCAL lock_timeout = '4s'", migrations.RunSQL.noop),
        migrations.CreateModel(
            name="GrantRecipient",
            fields=[
                ("id", models.BigAutoField(**_ID)),
                ("livemode", models.BooleanField()),
                ("grant", _relation("grant")),
                ("organization", _relation("organization")),
                ("licensee", _relation("organization")),
                ("performer", _relation("performer", indexed=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("grant", "organization"), name="grant_recipient_once")
                ],
                "indexes": [
                    models.Index(
                        fields=["organization", "livemode", "licensee", "performer"],
                        name="grant_recipient_by_side",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="FeedCounter",
            fields=[
                ("id", models.BigAutoField(**_ID)),
                ("organization", _relation("organization")),
                ("livemode", models.BooleanField()),
                ("n", models.BigIntegerField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "livemode"), name="feed_counter_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="FeedEntry",
            fields=[
                ("id", models.BigAutoField(**_ID)),
                ("organization", _relation("organization")),
                ("livemode", models.BooleanField()),
                ("n", models.BigIntegerField()),
                ("seq", models.BigIntegerField()),
                ("event", models.CharField(db_collation="C", max_length=64)),
                ("performer", _relation("performer")),
                ("licensee", _relation("organization")),
                ("reference", models.CharField(db_collation="C", max_length=64)),
                ("grant", models.CharField(db_collation="C", max_length=64, null=True)),
                ("at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "livemode", "n"), name="feed_entry_once"),
                    models.CheckConstraint(condition=models.Q(("n__gte", 1)), name="feed_entry_from_one"),
                ],
                "indexes": [
                    models.Index(fields=["organization", "livemode", "seq"], name="feed_entry_by_place"),
                    models.Index(fields=["livemode", "seq"], name="feed_entry_by_seq"),
                ],
            },
        ),
        migrations.CreateModel(
            name="FeedStart",
            fields=[
                ("livemode", models.BooleanField(primary_key=True, serialize=False)),
                ("seq", models.BigIntegerField()),
            ],
        ),
        append_only("registry_feedentry"),
        migrations.RunSQL(RECIPIENTS, DROP_RECIPIENTS),
        migrations.RunSQL(FEED, DROP_FEED),
    ]
