"""Django app: the one history, its events, tokens and enforcement."""

from django.apps import AppConfig


class LogConfig(AppConfig):
    """The append-only history of both sides."""

    name = "consent.log"
    label = "log"
    default_auto_field = "django.db.models.BigAutoField"
