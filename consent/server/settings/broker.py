"""The broker for Celery, if there is one."""

from urllib.parse import urlsplit

from consent.server.settings.environment import Environment

NAME = "CONSENT_BROKER_URL"
_REDIS = frozenset({"redis", "rediss"})
_SCHEMES = frozenset({"amqp", "amqps"}) | _REDIS


def read_broker(environment: Environment) -> str:
    """CONSENT_BROKER_URL; empty when the relay does the work itself."""
    text = environment.text(NAME)
    if text and urlsplit(text).scheme not in _SCHEMES:
        environment.refuse(
            NAME, "is not a broker's address", "write amqps://… or rediss://…, or leave it out"
        )
        return ""
    return text
