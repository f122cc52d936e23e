"""The secrets of a node, and the one of its backups."""

from dataclasses import dataclass, field

from consent.server.settings.environment import Environment

MIN_CHARS = 32
MIN_DIFFERENT = 10  # random text of 32 characters has more; a pattern or a placeholder has not
HOW = "make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretSettings:
    """Secrets do not print. `backup` is empty where this machine makes no backups, `key_secret_also` usually."""

    secret_key: str = field(repr=False)
    key_secret: bytes = field(repr=False)
    backup: bytes = field(default=b"", repr=False)
    key_secret_also: bytes = field(default=b"", repr=False)

    @property
    def opening(self) -> tuple[bytes, ...]:
        """What opens key files and record keys: the key secret, and the other one while it is rotated."""
        return (self.key_secret, self.key_secret_also) if self.key_secret_also else (self.key_secret,)


def read_secrets(environment: Environment) -> SecretSettings:
    """CONSENT_SECRET_KEY, CONSENT_KEY_SECRET (and _ALSO), CONSENT_BACKUP_SECRET; a fault when guessable or alike."""
    secret_key = _secret(environment, "CONSENT_SECRET_KEY")
    key_secret = _secret(environment, "CONSENT_KEY_SECRET")
    if secret_key and secret_key == key_secret:
        environment.refuse("CONSENT_KEY_SECRET", "is the same as CONSENT_SECRET_KEY", HOW)
    backup = _secret(environment, "CONSENT_BACKUP_SECRET", required=False)
    if backup and backup in (secret_key, key_secret):
        environment.refuse("CONSENT_BACKUP_SECRET", "is the same as another secret", HOW)
    also = _secret(environment, "CONSENT_KEY_SECRET_ALSO", required=False)
    if also and also in (secret_key, key_secret, backup):
        environment.refuse("CONSENT_KEY_SECRET_ALSO", "is the same as another secret", HOW)
    return SecretSettings(
        secret_key=secret_key,
        key_secret=key_secret.encode(),
        backup=backup.encode(),
        key_secret_also=also.encode(),
    )


def _secret(environment: Environment, name: str, *, required: bool = True) -> str:
    before = len(environment.faults)
    value = environment.text(name)
    if len(environment.faults) > before:
        return ""
    if not value:
        if required:
            environment.refuse(name, "is not set", HOW)
    elif len(value) < MIN_CHARS:
        environment.refuse(name, f"is shorter than {MIN_CHARS} characters", HOW)
    elif len(set(value)) < MIN_DIFFERENT:
        environment.refuse(name, "is a pattern that can be guessed", HOW)
    return value
