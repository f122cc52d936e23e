"""Settings are read once, typed, and refuse to start when unsafe; every fault is told at once."""

from pathlib import Path

import pytest

from consent.server.settings import SETTINGS, SettingsRefused, read_settings
from consent.server.settings.everything import Settings
from consent.server.settings.mail import MailSettings, SmtpSettings
from consent.server.settings.storage import S3Settings

GOOD = {
    "CONSENT_DATABASE_URL": "postgresql://consent:pa%3Ass@127.0.0.1:5433/registry",
    "CONSENT_SECRET_KEY": "abcdefghijklmnopqrstuvwxyz0123456789",
    "CONSENT_KEY_SECRET": "9876543210zyxwvutsrqponmlkjihgfedcba",
}
PUBLIC = {
    **GOOD,
    "CONSENT_ORIGIN": "https://registry.example",
    "CONSENT_SIGNING_ORIGIN": "https://sign.registry.example",
    "CONSENT_RP_ID": "registry.example",
    "CONSENT_SMTP_URL": "smtp://registry:pa%3Ass@mail.example?from=notices@registry.example",
}


def _faults(**changes: str) -> str:
    with pytest.raises(SettingsRefused) as refused:
        read_settings({**PUBLIC, **changes})
    return str(refused.value)


def test_the_three_that_have_no_default_are_enough_on_localhost() -> None:
    settings = read_settings(GOOD)
    assert (settings.database.user, settings.database.password) == ("consent", "pa:ss")
    assert (settings.web.origin, settings.web.signing_origin) == (
        "http://localhost:8000",
        "http://localhost:8001",
    )
    assert settings.web.rp_id == "localhost"
    assert settings.storage.keys == Path(".state/keys").absolute()


def test_the_signing_origin_has_a_port_of_its_own_only_where_no_proxy_stands() -> None:
    def port(**changes: str) -> int | None:
        return read_settings({**GOOD, **changes}).web.signing_port

    assert port() == 8001
    assert port(CONSENT_PORT="9000") == 9001
    assert port(CONSENT_SIGNING_ORIGIN="http://localhost:9005") == 9005
    # Another web process of the same registry, on the very port that the signing origin names.
    assert port(CONSENT_PORT="8001", CONSENT_ORIGIN="http://localhost:8000") is None
    assert read_settings(PUBLIC).web.signing_port is None
    with pytest.raises(SettingsRefused, match="no next port"):
        port(CONSENT_PORT="65535")


def test_everything_missing_is_told_at_once_with_how_to_mend_it() -> None:
    with pytest.raises(SettingsRefused) as refused:
        read_settings({})
    assert [fault.name for fault in refused.value.faults] == [
        "CONSENT_DATABASE_URL",
        "CONSENT_SECRET_KEY",
        "CONSENT_KEY_SECRET",
    ]
    assert all(fault.mend for fault in refused.value.faults)


def test_a_public_registry_names_its_signing_origin_relying_party_and_mail_server() -> None:
    with pytest.raises(SettingsRefused) as refused:
        read_settings({**GOOD, "CONSENT_ORIGIN": "https://registry.example"})
    assert {fault.name for fault in refused.value.faults} == {
        "CONSENT_SIGNING_ORIGIN",
        "CONSENT_RP_ID",
        "CONSENT_SMTP_URL",
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CONSENT_ORIGIN", "http://registry.example"),
        ("CONSENT_ORIGIN", "https://registry.example/"),
        ("CONSENT_ORIGIN", "https://Registry.example"),
        ("CONSENT_ORIGIN", "https://registry.example:443"),
        ("CONSENT_ORIGIN", "https://user@registry.example"),
        ("CONSENT_ORIGIN", "registry.example"),
        ("CONSENT_SIGNING_ORIGIN", "https://registry.example"),
        ("CONSENT_RP_ID", "other.example"),
        ("CONSENT_RP_ID", "example.registry.example"),
        ("CONSENT_RP_ID", "example"),
        ("CONSENT_PORT", "0"),
        ("CONSENT_PORT", "tcp://10.0.0.1:8000"),
        ("CONSENT_DATABASE_URL", "mysql://localhost/registry"),
        ("CONSENT_DATABASE_URL", "postgresql://localhost"),
        ("CONSENT_DATABASE_URL", "postgresql://localhost/registry?options=-csynchronous_commit%3Doff"),
        ("CONSENT_DATABASE_URL", "postgresql://db.example/registry"),
        ("CONSENT_SECRET_KEY", "short"),
        ("CONSENT_SECRET_KEY", "x" * 64),
        ("CONSENT_KEY_SECRET", GOOD["CONSENT_SECRET_KEY"]),
        ("CONSENT_BROKER_URL", "http://broker.example"),
        ("CONSENT_SMTP_URL", ""),
        ("CONSENT_SMTP_URL", "mail.example"),
        ("CONSENT_SMTP_URL", "http://mail.example"),
        ("CONSENT_SMTP_URL", "smtp://"),
        ("CONSENT_SMTP_URL", "smtp://mail.example:many"),
        ("CONSENT_SMTP_URL", "smtp://mail.example/inbox"),
        ("CONSENT_SMTP_URL", "smtp://user@mail.example"),
        ("CONSENT_SMTP_URL", "smtp://mail.example?tls=off"),
        ("CONSENT_SMTP_URL", "smtp://mail.example?from=a@b.example&from=c@d.example"),
        ("CONSENT_SMTP_URL", "smtp://mail.example?from=nobody"),
        ("CONSENT_SMTP_URL", "smtp://mail.example?from=a@b.example%0D%0ABcc:%20c@d.example"),
        ("CONSENT_OBJECT_STORE", "file:relative"),
        ("CONSENT_OBJECT_STORE", "s3://host.example"),
        ("CONSENT_OBJECT_STORE", "s3://k:s@host.example/bucket?tls=off"),
        ("CONSENT_KEY_STORE", GOOD["CONSENT_DATABASE_URL"]),
        ("CONSENT_DATABSE_URL", "a misspelt name"),
    ],
)
def test_an_unsafe_or_malformed_value_is_refused_by_name(name: str, value: str) -> None:
    assert name in _faults(**{name: value})


def test_no_refusal_shows_a_value() -> None:
    said = _faults(
        CONSENT_SECRET_KEY="planted-short-secret",
        CONSENT_DATABASE_URL="postgresql://consent:planted-password@db.example/registry",
        CONSENT_OBJECT_STORE="s3://planted-key:planted-secret@host.example",
    )
    assert "planted" not in said


def test_a_secret_may_be_a_file_but_not_both(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("a-file-with-more-than-32-characters-in-it\n")
    without = {name: value for name, value in GOOD.items() if name != "CONSENT_SECRET_KEY"}
    settings = read_settings({**without, "CONSENT_SECRET_KEY_FILE": str(path)})
    assert settings.secrets.secret_key == "a-file-with-more-than-32-characters-in-it"
    assert "both set" in _faults(CONSENT_SECRET_KEY_FILE=str(path))
    assert "cannot be read" in _faults(CONSENT_BROKER_URL_FILE=str(tmp_path / "none"))


def test_stores_are_folders_buckets_or_a_second_database() -> None:
    settings = read_settings(
        {
            **GOOD,
            "CONSENT_OBJECT_STORE": "s3://key:se%2Fcret@store.example:9000/bucket/a/b?region=eu-1",
            "CONSENT_KEY_STORE": "postgresql://keys@localhost/keys",
        }
    )
    assert settings.storage.objects == S3Settings(
        endpoint_url="https://store.example:9000",
        region="eu-1",
        bucket="bucket",
        prefix="a/b/",
        access_key="key",
        secret_key="se/cret",
    )
    assert settings.storage.key_store == "postgresql://keys@localhost/keys"
    settings = read_settings({**GOOD, "CONSENT_OBJECT_STORE": "file:/var/objects"})
    assert settings.storage.objects == Path("/var/objects")


def test_a_mail_server_is_spoken_to_under_tls_unless_it_is_this_machine() -> None:
    assert read_settings(PUBLIC).mail == MailSettings(
        smtp=SmtpSettings(host="mail.example", port=587, tls="starttls", user="registry", password="pa:ss"),
        sender="notices@registry.example",
    )
    first = read_settings({**PUBLIC, "CONSENT_SMTP_URL": "smtps://mail.example"}).mail
    assert first.sender == "consent@registry.example"
    assert first.smtp is not None and (first.smtp.port, first.smtp.tls) == (465, "first")
    here = read_settings({**PUBLIC, "CONSENT_SMTP_URL": "smtp://localhost:2525"}).mail.smtp
    assert here is not None and (here.port, here.tls) == (2525, "none")
    assert read_settings(GOOD).mail == MailSettings(smtp=None, sender="consent@localhost")


def test_nothing_secret_prints() -> None:
    planted = {
        **GOOD,
        "CONSENT_OBJECT_STORE": "s3://planted-key:planted-secret@store.example/bucket",
        "CONSENT_BROKER_URL": "amqps://planted-user:planted@broker.example",
        "CONSENT_KEY_STORE": "postgresql://planted:planted@localhost/keys",
        "CONSENT_SMTP_URL": "smtps://planted-user:planted@mail.example",
    }
    settings = read_settings(planted)
    assert isinstance(settings, Settings)
    for secret in ("planted", "pa:ss", GOOD["CONSENT_SECRET_KEY"], GOOD["CONSENT_KEY_SECRET"]):
        assert secret not in repr(settings)


def test_a_password_in_an_address_is_a_secret_setting() -> None:
    assert {setting.name for setting in SETTINGS if setting.secret} >= {
        "CONSENT_DATABASE_URL",
        "CONSENT_BROKER_URL",
        "CONSENT_OBJECT_STORE",
        "CONSENT_KEY_STORE",
        "CONSENT_SMTP_URL",
    }


def test_the_signing_port_is_refused_where_a_proxy_serves_that_origin(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from consent.server.commands.run import run

    for name, value in PUBLIC.items():
        monkeypatch.setenv(name, value)
    for name in ("CONSENT_TEST_DATABASE_URL", "CONSENT_PORT"):
        monkeypatch.delenv(name, raising=False)
    assert run(["web", "--signing"]) == 2
    assert "https://sign.registry.example has no port of its own here" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["0", "15", "-1", "1.5", "1e3", "lots", "٦٤", "1048577"])
def test_memory_for_checks_is_a_number_of_megabytes_that_can_be_worked_with(text: str) -> None:
    assert "CONSENT_CHECK_MEMORY_MB" in _faults(CONSENT_CHECK_MEMORY_MB=text)
    assert read_settings({**GOOD, "CONSENT_CHECK_MEMORY_MB": "64"}).check_memory_bytes == 64 << 20
    assert read_settings(GOOD).check_memory_bytes == 256 << 20
