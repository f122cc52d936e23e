"""Django's settings module, and the typed settings behind it.

Django asks for a module of capitals. It is filled from the two variables that Django itself needs, so
that tools which only load models (types, migrations, tests) work; every process that serves or writes
reads all settings with `read_settings` first and refuses to start on a fault.
"""

import os

from consent.server.settings.broker import read_broker
from consent.server.settings.database import parse_database_url
from consent.server.settings.environment import Environment
from consent.server.settings.errors import SettingFault, SettingsRefused
from consent.server.settings.everything import Settings, read_settings
from consent.server.settings.names import SETTINGS, Setting

__all__ = ["SETTINGS", "Setting", "SettingFault", "Settings", "SettingsRefused", "read_settings"]

_environment = Environment(os.environ)
_url = _environment.text("CONSENT_DATABASE_URL")

DATABASES = {"default": parse_database_url(_url).django()} if _url else {}
SECRET_KEY = _environment.text("CONSENT_SECRET_KEY")
DEBUG = False
ALLOWED_HOSTS = ["*"]  # the Host header is used for nothing: addresses are built from CONSENT_ORIGIN
INSTALLED_APPS = ["consent.log", "consent.registry"]
ROOT_URLCONF = "consent.server.urls"
WSGI_APPLICATION = "consent.server.wsgi.application"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LOGGING_CONFIG = None  # `consent.server.logs` sets logging up in the entry points

CELERY_BROKER_URL = read_broker(_environment)
