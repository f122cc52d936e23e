"""Django app: the pages and what they remember between two requests."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Sessions, hand-offs between the two origins, and ceremonies with passkeys."""

    name = "consent.web"
    label = "web"
    default_auto_field = "django.db.models.BigAutoField"
