"""Django app: the system of record."""

from django.apps import AppConfig


class RegistryConfig(AppConfig):
    """Organizations, performers, offers and grants."""

    name = "consent.registry"
    label = "registry"
    default_auto_field = "django.db.models.BigAutoField"
