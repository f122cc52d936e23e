"""What the tables alone cannot say: immediate foreign keys that include the side, and what never changes."""

from django.db import migrations

from consent.log.append_only import append_only, frozen_columns, undeletable

_PERFORMER = ("performer", "performer_id, livemode", "id, livemode")
_SIDE = ("organizationside", "organization_id, livemode", "organization_id, livemode")
_PAIR = (
    "pairwisereference",
    "performer_id, organization_id, livemode",
    "performer_id, organization_id, livemode",
)
_GRANT = ("grant", "grant_id, livemode", "id, livemode")
_GRANT_OF_PERFORMER = ("grant", "grant_id, performer_id, livemode", "id, performer_id, livemode")
_OFFER = ("offer", "offer_id, organization_id, livemode", "id, organization_id, livemode")
_CREDENTIAL = ("credential", "credential_id, performer_id, livemode", "id, performer_id, livemode")
_STATEMENT = ("statement", "statement_id, performer_id, livemode", "id, performer_id, livemode")

# (table, ((target, columns, target columns), …)); not deferrable: checked before the head is locked.
FOREIGN_KEYS = (
    ("organizationside", (("organization", "organization_id", "id"),)),
    ("member", (("organization", "organization_id", "id"),)),
    ("apikey", (_SIDE,)),
    ("stagename", (_PERFORMER,)),
    ("identityrecord", (_PERFORMER,)),
    ("pairwisereference", (_PERFORMER, _SIDE)),
    ("externalid", (_PAIR,)),
    ("credential", (_PERFORMER,)),
    ("identitycheck", (_PERFORMER,)),
    (
        "offer",
        (
            _SIDE,
            _PAIR,
            ("offer", "replaces_id, organization_id, livemode", "id, organization_id, livemode"),
        ),
    ),
    (
        "invitation",
        (
            _OFFER,
            (
                "pairwisereference",
                "redeemed_by_id, organization_id, livemode",
                "performer_id, organization_id, livemode",
            ),
        ),
    ),
    ("statement", (_PERFORMER, _CREDENTIAL, _GRANT_OF_PERFORMER)),
    ("preparedgrant", (_OFFER, _PAIR, _CREDENTIAL)),
    (
        "grant",
        (
            ("statement", "id, performer_id, livemode", "id, performer_id, livemode"),
            _OFFER,
            (
                "pairwisereference",
                "performer_id, organization_id, reference, livemode",
                "performer_id, organization_id, reference, livemode",
            ),
            _CREDENTIAL,
            (
                "identitycheck",
                "identity_check_id, performer_id, livemode, over_18",
                "id, performer_id, livemode, over_18",
            ),
            (
                "statusslot",
                "livemode, status_list, status_index",
                "livemode, status_list, status_index",
            ),
            ("grant", "supersedes_id, performer_id, livemode", "id, performer_id, livemode"),
        ),
    ),
    ("grantending", (_GRANT_OF_PERFORMER, _STATEMENT)),
    ("granthold", (_GRANT_OF_PERFORMER,)),
    ("pendingrevocation", (_GRANT_OF_PERFORMER,)),
    ("countersignature", (_GRANT,)),
    ("limits", (_PERFORMER, _STATEMENT)),
    ("priorrecord", (_SIDE, _PAIR)),
    ("counter", (_GRANT,)),
    ("counteruse", (_SIDE,)),
    ("decisionrecord", (_SIDE, ("keptreceipt", "receipt_id, livemode", "id, livemode"))),
)

APPEND_ONLY = (
    "acknowledgement",
    "countersignature",
    "decisionrecord",
    "grantending",
    "identitycheck",
    "keptreceipt",
    "limits",
    "statement",
    "statusslot",
)
UNDELETABLE = ("apikey", "credential", "grant", "granthold", "offer", "organization", "organizationside")
FROZEN = {
    "apikey": ("id", "organization_id", "livemode", "digest", "created_at"),
    "credential": ("id", "performer_id", "livemode", "thumbprint", "public_key", "kind", "created_at"),
    "grant": (
        "id", "livemode", "offer_id", "organization_id", "performer_id", "reference", "credential_id", "method",
        "identity_check_id", "over_18", "adult", "unrepresented", "terms", "terms_sha256", "grant_sha256", "seal", "exclusive",
        "status_list", "status_index", "supersedes_id", "first_shown_at", "signed_at", "valid_from", "valid_until",
    ),
    "granthold": ("id", "grant_id", "livemode", "performer_id", "holder", "authority", "event", "placed_at"),
    "offer": ("id", "organization_id", "livemode", "created_at"),
    "pairwisereference": ("id", "reference", "performer_id", "organization_id", "livemode"),
    "performer": ("id", "livemode", "record", "created_at"),
}  # fmt: skip

# Final things stay final, whatever the code above says.
GUARDS = """
CREATE FUNCTION registry_grant_ending_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.ended_at IS NOT NULL AND NEW.state <> OLD.state AND NEW.state <> 'voided' THEN
        RAISE EXCEPTION 'grant % has ended: % cannot become %', OLD.id, OLD.state, NEW.state
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER registry_grant_final BEFORE UPDATE ON registry_grant
    FOR EACH ROW EXECUTE FUNCTION registry_grant_ending_is_final();

CREATE FUNCTION registry_offer_terms_once_sent() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'draft' AND (NEW.terms <> OLD.terms OR NEW.performer_name <> OLD.performer_name
            AND OLD.performer_name <> '' OR NEW.state = 'draft'
            OR OLD.performer_id IS NOT NULL AND NEW.performer_id IS DISTINCT FROM OLD.performer_id) THEN
        RAISE EXCEPTION 'offer % was sent: its terms and its performer stay', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.closed_at IS NOT NULL AND NEW.state <> OLD.state THEN
        RAISE EXCEPTION 'offer % is closed', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER registry_offer_sent BEFORE UPDATE ON registry_offer
    FOR EACH ROW EXECUTE FUNCTION registry_offer_terms_once_sent();

CREATE FUNCTION registry_off_is_off() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(OLD) ->> TG_ARGV[0] IS NOT NULL
            AND to_jsonb(NEW) ->> TG_ARGV[0] IS DISTINCT FROM to_jsonb(OLD) ->> TG_ARGV[0] THEN
        RAISE EXCEPTION '%.% is final', TG_TABLE_NAME, TG_ARGV[0] USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER registry_apikey_off BEFORE UPDATE ON registry_apikey
    FOR EACH ROW EXECUTE FUNCTION registry_off_is_off('revoked_at');
CREATE TRIGGER registry_credential_off BEFORE UPDATE ON registry_credential
    FOR EACH ROW EXECUTE FUNCTION registry_off_is_off('blocked_at');
CREATE TRIGGER registry_granthold_off BEFORE UPDATE ON registry_granthold
    FOR EACH ROW EXECUTE FUNCTION registry_off_is_off('lifted_at');
CREATE TRIGGER registry_invitation_used BEFORE UPDATE ON registry_invitation
    FOR EACH ROW EXECUTE FUNCTION registry_off_is_off('redeemed_at');
CREATE TRIGGER registry_invitation_off BEFORE UPDATE ON registry_invitation
    FOR EACH ROW EXECUTE FUNCTION registry_off_is_off('revoked_at');
"""
DROP_GUARDS = """
DROP TRIGGER registry_invitation_off ON registry_invitation;
DROP TRIGGER registry_invitation_used ON registry_invitation;
DROP TRIGGER registry_granthold_off ON registry_granthold;
DROP TRIGGER registry_credential_off ON registry_credential;
DROP TRIGGER registry_apikey_off ON registry_apikey;
DROP FUNCTION registry_off_is_off();
DROP TRIGGER registry_offer_sent ON registry_offer;
DROP FUNCTION registry_offer_terms_once_sent();
DROP TRIGGER registry_grant_final ON registry_grant;
DROP FUNCTION registry_grant_ending_is_final();
"""


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


class Migration(migrations.Migration):
    dependencies = [("registry", "0001_pre_tables"), ("log", "0001_initial")]

    operations = [
        migrations.RunSQL("SET LOCAL lock_timeout = '4s'", migrations.RunSQL.noop),
        *_foreign_keys(),
        *(append_only(f"registry_{table}") for table in APPEND_ONLY),
        *(undeletable(f"registry_{table}") for table in UNDELETABLE),
        *(frozen_columns(f"registry_{table}", columns) for table, columns in FROZEN.items()),
        migrations.RunSQL(GUARDS, DROP_GUARDS),
    ]
