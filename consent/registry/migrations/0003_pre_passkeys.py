"""Passkeys, accounts, links, recovery codes and what is remembered of an offer before it is signed."""

import django.db.models.deletion
import django.db.models.lookups
from django.db import migrations, models

from consent.log.append_only import frozen_columns

_PERFORMER = ("performer", "performer_id, livemode", "id, livemode")
_OPERATOR = ("operator", "operator_id", "id")
_MEMBER = ("member", "member_id", "id")

# (table, ((target, columns, target columns), ...)); not deferrable, as in 0002.
FOREIGN_KEYS = (
    ("passkey", (("credential", "credential_id, performer_id, livemode", "id, performer_id, livemode"),)),
    ("accountpasskey", (_OPERATOR, _MEMBER)),
    ("oneuselink", (_OPERATOR, _MEMBER, _PERFORMER)),
    (
        "offerchoice",
        (("offer", "offer_id, organization_id, livemode", "id, organization_id, livemode"),),
    ),
    ("recoverycode", (_PERFORMER,)),
    ("contactindex", (_PERFORMER,)),
)
FROZEN = {
    "passkey": ("credential_id", "performer_id", "livemode", "webauthn_id", "user_handle", "aaguid"),
    "accountpasskey": (
        "id", "operator_id", "member_id", "webauthn_id", "user_handle", "public_key", "backup_eligible", "created_at",
    ),
    "oneuselink": (
        "digest", "kind", "operator_id", "member_id", "performer_id", "livemode", "created_at", "expires_at",
    ),
    "recoverycode": ("id", "performer_id", "livemode", "digest", "created_at"),
}  # fmt: skip
# What is off stays off, and what was used stays used.
FINAL = (
    ("operator", "removed_at"),
    ("accountpasskey", "blocked_at"),
    ("oneuselink", "used_at"),
    ("recoverycode", "used_at"),
    ("recoverycode", "replaced_at"),
)


def _foreign_keys() -> list[migrations.RunSQL]:
    made = []
    for table, keys in FOREIGN_KEYS:
        for number, (target, columns, target_columns) in enumerate(keys):
            name = f"registry_{table}_side_fk_{number}"
            made.append(
                migrations.RunSQL(
                    f"ALTER TABLE registry_{table} ADD CONSTRAINT {name} FOREIGN KEY ({columns}) "
                    f"REFERENCES registry_{target} ({target_columns}) NOT DEFERRABLE",
                    f"ALTER TABLE registry_{table} DROP CONSTRAINT {name}",
                )
            )
    return made


def _final(table: str, column: str) -> migrations.RunSQL:
    trigger = f"registry_{table}_{column}_final"
    return migrations.RunSQL(
        f"CREATE TRIGGER {trigger} BEFORE UPDATE ON registry_{table} "
        f"FOR EACH ROW EXECUTE FUNCTION registry_off_is_off('{column}')",
        f"DROP TRIGGER {trigger} ON registry_{table}",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0002_pre_rules"),
    ]

    operations = [
        migrations.RunSQL("SET LOCAL lock_timeout = '4s'", migrations.RunSQL.noop),
        migrations.CreateModel(
            name="AccountPasskey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("webauthn_id", models.BinaryField(max_length=1023, unique=True)),
                ("user_handle", models.BinaryField(max_length=64)),
                ("public_key", models.JSONField()),
                ("sign_count", models.BigIntegerField()),
                ("backup_eligible", models.BooleanField()),
                ("backed_up", models.BooleanField()),
                ("label", models.CharField(max_length=100)),
                ("created_at", models.DateTimeField()),
                ("last_used_at", models.DateTimeField(null=True)),
                ("blocked_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="ContactIndex",
            fields=[
                (
                    "performer",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="registry.performer",
                    ),
                ),
                ("livemode", models.BooleanField()),
                ("digest", models.BinaryField(max_length=32)),
            ],
        ),
        migrations.CreateModel(
            name="OfferChoice",
            fields=[
                (
                    "offer",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="registry.offer",
                    ),
                ),
                ("livemode", models.BooleanField()),
                ("lines", models.JSONField()),
                ("performer_name", models.CharField(blank=True, max_length=120)),
                ("language", models.CharField(db_collation="C", max_length=35)),
                ("updated_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="OneUseLink",
            fields=[
                (
                    "digest",
                    models.CharField(db_collation="C", max_length=64, primary_key=True, serialize=False),
                ),
                ("kind", models.CharField(db_collation="C", max_length=16)),
                ("livemode", models.BooleanField(null=True)),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Operator",
            fields=[
                ("id", models.CharField(db_collation="C", max_length=64, primary_key=True, serialize=False)),
                ("display_name", models.CharField(max_length=200)),
                ("created_at", models.DateTimeField()),
                ("removed_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Passkey",
            fields=[
                (
                    "credential",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="passkey",
                        serialize=False,
                        to="registry.credential",
                    ),
                ),
                ("livemode", models.BooleanField()),
                ("webauthn_id", models.BinaryField(max_length=1023, unique=True)),
                ("user_handle", models.BinaryField(max_length=64)),
                ("aaguid", models.BinaryField(max_length=16)),
                ("sign_count", models.BigIntegerField()),
                ("backed_up", models.BooleanField()),
                ("transports", models.JSONField()),
                ("last_used_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="RecoveryCode",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("livemode", models.BooleanField()),
                ("digest", models.BinaryField(max_length=32, unique=True)),
                ("created_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(null=True)),
                ("replaced_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddField(
            model_name="grant",
            name="performer_name",
            field=models.CharField(blank=True, db_default="", max_length=120),
        ),
        migrations.AddIndex(
            model_name="grant",
            index=models.Index(fields=["performer", "-signed_at", "id"], name="grant_by_performer"),
        ),
        migrations.AddIndex(
            model_name="grant",
            index=models.Index(
                condition=models.Q(("state__in", ("active", "signed", "suspended"))),
                fields=["performer", "state", "organization", "valid_until"],
                name="grant_living_of_performer",
            ),
        ),
        migrations.AddField(
            model_name="accountpasskey",
            name="member",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="registry.member",
            ),
        ),
        migrations.AddIndex(
            model_name="contactindex",
            index=models.Index(fields=["digest", "livemode"], name="contact_by_digest"),
        ),
        migrations.AddConstraint(
            model_name="contactindex",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    django.db.models.lookups.GreaterThanOrEqual(
                        models.Func(
                            models.F("digest"), function="octet_length", output_field=models.IntegerField()
                        ),
                        32,
                    ),
                    django.db.models.lookups.LessThanOrEqual(
                        models.Func(
                            models.F("digest"), function="octet_length", output_field=models.IntegerField()
                        ),
                        32,
                    ),
                ),
                name="contact_digest",
            ),
        ),
        migrations.AddField(
            model_name="offerchoice",
            name="organization",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="registry.organization",
            ),
        ),
        migrations.AddField(
            model_name="oneuselink",
            name="member",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="registry.member",
            ),
        ),
        migrations.AddField(
            model_name="oneuselink",
            name="performer",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="registry.performer",
            ),
        ),
        migrations.AddField(
            model_name="oneuselink",
            name="operator",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="registry.operator",
            ),
        ),
        migrations.AddField(
            model_name="accountpasskey",
            name="operator",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="registry.operator",
            ),
        ),
        migrations.AddField(
            model_name="passkey",
            name="performer",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="registry.performer",
            ),
        ),
        migrations.AddField(
            model_name="recoverycode",
            name="performer",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="registry.performer",
            ),
        ),
        migrations.AddIndex(
            model_name="oneuselink",
            index=models.Index(fields=["expires_at"], name="one_use_link_by_end"),
        ),
        migrations.AddConstraint(
            model_name="oneuselink",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ("member", "operator", "recovery", "stop"))),
                name="one_use_link_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="oneuselink",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("kind", "operator"),
                        ("livemode", None),
                        ("member", None),
                        ("operator__isnull", False),
                        ("performer", None),
                    ),
                    models.Q(
                        ("kind", "member"),
                        ("livemode", None),
                        ("member__isnull", False),
                        ("operator", None),
                        ("performer", None),
                    ),
                    models.Q(
                        ("kind__in", ("recovery", "stop")),
                        ("livemode__isnull", False),
                        ("member", None),
                        ("operator", None),
                        ("performer__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="one_use_link_for_whom",
            ),
        ),
        migrations.AddConstraint(
            model_name="oneuselink",
            constraint=models.CheckConstraint(
                condition=models.Q(("expires_at__gt", models.F("created_at"))), name="one_use_link_window"
            ),
        ),
        migrations.AddIndex(
            model_name="accountpasskey",
            index=models.Index(fields=["user_handle"], name="account_passkey_by_handle"),
        ),
        migrations.AddConstraint(
            model_name="accountpasskey",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("member__isnull", False), ("operator", None)),
                    models.Q(("member", None), ("operator__isnull", False)),
                    _connector="OR",
                ),
                name="account_passkey_one_owner",
            ),
        ),
        migrations.AddConstraint(
            model_name="accountpasskey",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    django.db.models.lookups.GreaterThanOrEqual(
                        models.Func(
                            models.F("webauthn_id"),
                            function="octet_length",
                            output_field=models.IntegerField(),
                        ),
                        1,
                    ),
                    django.db.models.lookups.LessThanOrEqual(
                        models.Func(
                            models.F("webauthn_id"),
                            function="octet_length",
                            output_field=models.IntegerField(),
                        ),
                        1023,
                    ),
                ),
                name="account_passkey_webauthn_id",
            ),
        ),
        migrations.AddConstraint(
            model_name="accountpasskey",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    django.db.models.lookups.GreaterThanOrEqual(
                        models.Func(
                            models.F("user_handle"),
                            function="octet_length",
                            output_field=models.IntegerField(),
                        ),
                        32,
                    ),
                    django.db.models.lookups.LessThanOrEqual(
                        models.Func(
                            models.F("user_handle"),
                            function="octet_length",
                            output_field=models.IntegerField(),
                        ),
                        64,
                    ),
                ),
                name="account_passkey_user_handle",
            ),
        ),
        migrations.AddConstraint(
            model_name="accountpasskey",
            constraint=models.CheckConstraint(
                condition=models.Q(("sign_count__gte", 0)), name="account_passkey_counter_natural"
            ),
        ),
        migrations.AddIndex(
            model_name="passkey",
            index=models.Index(fields=["user_handle"], name="passkey_by_handle"),
        ),
        migrations.AddConstraint(
            model_name="passkey",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    django.db.models.lookups.GreaterThanOrEqual(
                        models.Func(
                            models.F("webauthn_id"),
                            function="octet_length",
                            output_field=models.IntegerField(),
                        ),
                        1,
                    ),
                    django.db.models.lookups.LessThanOrEqual(
                        models.Func(
                            models.F("webauthn_id"),
                            function="octet_length",
                            output_field=models.IntegerField(),
                        ),
                        1023,
                    ),
                ),
                name="passkey_webauthn_id",
            ),
        ),
        migrations.AddConstraint(
            model_name="passkey",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    django.db.models.lookups.GreaterThanOrEqual(
                        models.Func(
                            models.F("user_handle"),
                            function="octet_length",
                            output_field=models.IntegerField(),
                        ),
                        32,
                    ),
                    django.db.models.lookups.LessThanOrEqual(
                        models.Func(
                            models.F("user_handle"),
                            function="octet_length",
                            output_field=models.IntegerField(),
                        ),
                        64,
                    ),
                ),
                name="passkey_user_handle",
            ),
        ),
        migrations.AddConstraint(
            model_name="passkey",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    django.db.models.lookups.GreaterThanOrEqual(
                        models.Func(
                            models.F("aaguid"), function="octet_length", output_field=models.IntegerField()
                        ),
                        16,
                    ),
                    django.db.models.lookups.LessThanOrEqual(
                        models.Func(
                            models.F("aaguid"), function="octet_length", output_field=models.IntegerField()
                        ),
                        16,
                    ),
                ),
                name="passkey_aaguid",
            ),
        ),
        migrations.AddConstraint(
            model_name="passkey",
            constraint=models.CheckConstraint(
                condition=models.Q(("sign_count__gte", 0)), name="passkey_counter_natural"
            ),
        ),
        migrations.AddConstraint(
            model_name="recoverycode",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    django.db.models.lookups.GreaterThanOrEqual(
                        models.Func(
                            models.F("digest"), function="octet_length", output_field=models.IntegerField()
                        ),
                        32,
                    ),
                    django.db.models.lookups.LessThanOrEqual(
                        models.Func(
                            models.F("digest"), function="octet_length", output_field=models.IntegerField()
                        ),
                        32,
                    ),
                ),
                name="recovery_code_digest",
            ),
        ),
        migrations.AddConstraint(
            model_name="recoverycode",
            constraint=models.CheckConstraint(
                condition=models.Q(("used_at", None), ("replaced_at", None), _connector="OR"),
                name="recovery_code_ends_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="recoverycode",
            constraint=models.UniqueConstraint(
                condition=models.Q(("replaced_at", None), ("used_at", None)),
                fields=("performer",),
                name="recovery_code_one_sheet",
            ),
        ),
        *_foreign_keys(),
        *(frozen_columns(f"registry_{table}", columns) for table, columns in FROZEN.items()),
        *(_final(table, column) for table, column in FINAL),
    ]
