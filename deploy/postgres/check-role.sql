-- A role for `check` nodes that answer nothing but checks: it reads, and writes counts only. Run it as the owner of the
-- database after each `consent-server migrate`; set a password, and use it in the CONSENT_DATABASE_URL of those nodes.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'consent_check') THEN
        CREATE ROLE consent_check LOGIN;
    END IF;
END $$;
GRANT USAGE ON SCHEMA public TO consent_check;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO consent_check;
-- Counted limits of grants, once a nonce.
GRANT INSERT, UPDATE ON registry_counter TO consent_check;
GRANT INSERT ON registry_counteruse TO consent_check;
-- What was asked with keys that have a quota or a rate.
GRANT INSERT, UPDATE ON registry_keyuse TO consent_check;
GRANT USAGE ON SEQUENCE registry_counter_id_seq, registry_counteruse_id_seq, registry_keyuse_id_seq TO consent_check;
