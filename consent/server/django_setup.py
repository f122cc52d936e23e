"""Load Django's models, once the environment holds the settings. What imports models is imported after this."""

import os

import django


def set_up_django() -> None:
    """Safe to call twice."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "consent.server.settings")
    django.setup()
