"""All settings of a process, read once and checked together."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from consent.server.settings.broker import read_broker
from consent.server.settings.checking import read_check_memory
from consent.server.settings.database import DatabaseSettings, read_database
from consent.server.settings.environment import Environment
from consent.server.settings.errors import SettingsRefused
from consent.server.settings.mail import MailSettings, read_mail
from consent.server.settings.names import NAMES
from consent.server.settings.secrets import SecretSettings, read_secrets
from consent.server.settings.storage import StorageSettings, read_storage
from consent.server.settings.web import WebSettings, read_web

# Names of the client and of tests, which may stand in the same environment.
_OTHERS = frozenset(
    {
        "CONSENT_URL",
        "CONSENT_API_KEY",
        "CONSENT_TRUST",
        "CONSENT_INVITATION",
        "CONSENT_PERFORMER_KEY",
        "CONSENT_TEST_DATABASE_URL",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything a server process is told; secrets do not print."""

    database: DatabaseSettings
    web: WebSettings
    storage: StorageSettings
    secrets: SecretSettings
    mail: MailSettings
    broker_url: str = field(repr=False)
    check_memory_bytes: int


def read_settings(variables: Mapping[str, str]) -> Settings:
    """Read and check every setting.

    Raises:
        SettingsRefused: at least one is missing, malformed or unsafe; all faults are told at once.
    """
    environment = Environment(variables)
    _refuse_unknown(environment, variables)
    database = read_database(environment)
    settings = (read_web(environment), read_storage(environment), read_secrets(environment))
    mail = read_mail(environment, settings[0])
    broker_url = read_broker(environment)
    check_memory_bytes = read_check_memory(environment)
    if environment.faults or database is None:
        raise SettingsRefused(environment.faults)
    web, storage, secrets = settings
    return Settings(
        database=database,
        web=web,
        storage=storage,
        secrets=secrets,
        mail=mail,
        broker_url=broker_url,
        check_memory_bytes=check_memory_bytes,
    )


def _refuse_unknown(environment: Environment, variables: Mapping[str, str]) -> None:
    """A misspelt name is told: what it should have set would silently keep its default."""
    known = NAMES | _OTHERS
    for name in sorted(variables):
        if name.startswith("CONSENT_") and name.removesuffix("_FILE") not in known:
            environment.refuse(name, "is not a setting", "check its spelling, or remove it")
