"""The database's address."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from consent.server.settings.environment import Environment

NAME = "CONSENT_DATABASE_URL"
_SCHEMES = frozenset({"postgresql", "postgres"})
# What may stand behind the question mark; all else would change how the registry reads or commits.
_OPTIONS = frozenset(
    {"sslmode", "sslrootcert", "sslcert", "sslkey", "connect_timeout", "host", "channel_binding"}
)
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseSettings:
    """The parts of the address; the password does not print."""

    host: str
    port: int | None
    name: str
    user: str
    password: str = field(repr=False)
    options: dict[str, str] = field(default_factory=dict)

    def django(self) -> dict[str, Any]:
        """The entry for Django's DATABASES. Connections live in a small pool of each process."""
        return {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": self.host,
            "PORT": "" if self.port is None else str(self.port),
            "NAME": self.name,
            "USER": self.user,
            "PASSWORD": self.password,
            "CONN_MAX_AGE": 300,
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": {"connect_timeout": "5", **self.options},
        }


def parse_database_url(text: str) -> DatabaseSettings:
    """The parts of a `postgresql://` address.

    Raises:
        ValueError: not such an address; the message says what is wrong, without the address.
    """
    url = urlsplit(text)
    if url.scheme not in _SCHEMES:
        raise ValueError("does not begin with postgresql://")
    options = dict(parse_qsl(url.query, keep_blank_values=True))
    if unknown := sorted(set(options) - _OPTIONS):
        raise ValueError(f"has the option {unknown[0]!r}, which is not one of {', '.join(sorted(_OPTIONS))}")
    socket_folder = options.pop("host", "")
    host, name = url.hostname or socket_folder, unquote(url.path.lstrip("/"))
    if not host or not name:
        raise ValueError("names no host or no database")
    try:
        port = url.port
    except ValueError:
        raise ValueError("has a port that is no number") from None
    return DatabaseSettings(
        host=host,
        port=port,
        name=name,
        user=unquote(url.username or ""),
        password=unquote(url.password or ""),
        options=options,
    )


def read_database(environment: Environment) -> DatabaseSettings | None:
    """CONSENT_DATABASE_URL; a fault when it is missing, malformed, or sends rows in the clear by accident."""
    text = environment.text(NAME)
    if not text:
        environment.refuse(
            NAME,
            "is not set",
            "name your PostgreSQL (15 or later), or run `consent-server up`, which brings its own",
        )
        return None
    try:
        settings = parse_database_url(text)
    except ValueError as exc:
        environment.refuse(NAME, str(exc), "write postgresql://user:password@host:5432/database")
        return None
    local = settings.host in LOCAL_HOSTS or settings.host.startswith("/")
    if not local and "sslmode" not in settings.options:
        environment.refuse(
            NAME,
            "names another machine and does not say sslmode",
            "add ?sslmode=verify-full, or ?sslmode=disable where the network between is private",
        )
    return settings
