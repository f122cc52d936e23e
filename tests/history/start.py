"""Django in the driver's process, before it knows the address of its database."""

import os
import secrets


def django_without_a_database() -> None:
    """Set Django up; the address is put in by `run.own_world`."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "consent.server.settings"
    os.environ["CONSENT_DATABASE_URL"] = "postgresql://nobody@127.0.0.1:1/none"
    os.environ["CONSENT_SECRET_KEY"] = secrets.token_urlsafe(48)
    import django

    django.setup()
