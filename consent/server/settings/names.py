"""Every setting of the server, once: the documentation, the example file and the reader agree on this list."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A setting's name, meaning, default in words, and whether its value is a secret."""

    name: str
    meaning: str
    default: str
    secret: bool = False


SETTINGS: tuple[Setting, ...] = (
    Setting(
        name="CONSENT_PORT",
        meaning="The TCP port that the web process listens on.",
        default="8000",
    ),
    Setting(
        name="CONSENT_DATA_DIR",
        meaning="The folder of this node: key files, and whatever is not kept elsewhere by a setting below.",
        default=".state",
    ),
    Setting(
        name="CONSENT_DATABASE_URL",
        meaning="The primary of a PostgreSQL 15 or later, postgresql://user:password@host:port/database. "
        "Another host than this machine must say sslmode.",
        default="none; `up` runs an embedded PostgreSQL",
        secret=True,
    ),
    Setting(
        name="CONSENT_ORIGIN",
        meaning="Where people and programs reach the registry, such as https://registry.example.",
        default="http://localhost and the port",
    ),
    Setting(
        name="CONSENT_SIGNING_ORIGIN",
        meaning="The separate origin on which performers sign with passkeys, such as https://sign.registry.example.",
        default="on localhost the next port; otherwise it must be set",
    ),
    Setting(
        name="CONSENT_RP_ID",
        meaning="The WebAuthn relying party id that both origins belong to. It never changes once keys exist.",
        default="localhost on localhost; otherwise it must be set",
    ),
    Setting(
        name="CONSENT_BROKER_URL",
        meaning="A RabbitMQ or Redis for Celery. Without one the relay does the timed work itself.",
        default="none",
        secret=True,
    ),
    Setting(
        name="CONSENT_SMTP_URL",
        meaning="The mail server that notices to people go through, smtp://user:password@host:587?from=address. "
        "smtp:// insists on STARTTLS except on this machine; smtps:// begins with TLS.",
        default="on localhost a folder that /mail shows; otherwise it must be set",
        secret=True,
    ),
    Setting(
        name="CONSENT_CHECK_MEMORY_MB",
        meaning="How many megabytes each process may keep of what checks are answered from, about a thousand consents "
        "to the megabyte. Those that nobody asks about go first, and are read again when somebody does.",
        default="256",
    ),
    Setting(
        name="CONSENT_OBJECT_STORE",
        meaning="Where objects are kept: file:/folder, or s3://key:secret@host/bucket/prefix?region=…",
        default="a folder in the data folder",
        secret=True,
    ),
    Setting(
        name="CONSENT_KEY_STORE",
        meaning="Where the keys of sealed records are kept: file:/folder, or a second PostgreSQL with backups of "
        "at most seven days.",
        default="a folder in the data folder",
        secret=True,
    ),
    Setting(
        name="CONSENT_SECRET_KEY",
        meaning="At least 32 random characters that protect sessions and signed links.",
        default="none; `up` makes one",
        secret=True,
    ),
    Setting(
        name="CONSENT_KEY_SECRET",
        meaning="At least 32 random characters under which the registry's key files and all record keys are "
        "encrypted. Losing it loses them.",
        default="none; `up` makes one",
        secret=True,
    ),
    Setting(
        name="CONSENT_KEY_SECRET_ALSO",
        meaning="While CONSENT_KEY_SECRET is rotated: the other one, old or new, which opens but encrypts nothing.",
        default="none",
        secret=True,
    ),
    Setting(
        name="CONSENT_BACKUP_SECRET",
        meaning="At least 32 random characters under which `backup` encrypts its files. Keep a copy where neither this "
        "machine nor the backups are: without it no backup opens.",
        default="none; `up` makes one",
        secret=True,
    ),
)

NAMES: frozenset[str] = frozenset(setting.name for setting in SETTINGS)
