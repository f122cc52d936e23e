"""The two secrets of a node."""

from dataclasses import dataclass, field

from consent.server.settings.environment import Environment

MIN_CHARS = 32
MIN_DIFFERENT = 10  # random text of 32 characters has more; a pattern or a placeholder has not
HOW = "make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretSettings:
    """Both secrets; they do not print."""

    secret_key: str = field(repr=False)
    key_secret: bytes = field(repr=False)


def read_secrets(environment: Environment) -> SecretSettings:
    """CONSENT_SECRET_KEY and CONSENT_KEY_SECRET; a fault when short, guessable or the same."""
    secret_key = _secret(environment, "CONSENT_SECRET_KEY")
    key_secret = _secret(environment, "CONSENT_KEY_SECRET")
    if secret_key and secret_key == key_secret:
        environment.refuse("CONSENT_KEY_SECRET", "is the same as CONSENT_SECRET_KEY", HOW)
    return SecretSettings(secret_key=secret_key, key_secret=key_secret.encode())


def _secret(environment: Environment, name: str) -> str:
    before = len(environment.faults)
    value = environment.text(name)
    if len(environment.faults) > before:
        return ""
    if not value:
        environment.refuse(name, "is not set", HOW)
    elif len(value) < MIN_CHARS:
        environment.refuse(name, f"is shorter than {MIN_CHARS} characters", HOW)
    elif len(set(value)) < MIN_DIFFERENT:
        environment.refuse(name, "is a pattern that can be guessed", HOW)
    return value
