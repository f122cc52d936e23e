"""Django's settings module, and the typed settings behind it.

Django asks for a module of capitals. It is filled from the two variables that Django itself needs, so
that tools which only load models (types, migrations, tests) work; every process that serves or writes
reads all settings with `read_settings` first and refuses to start on a fault.
"""

import os
from collections.abc import Callable
from typing import Any

from consent.core.resources import templates
from consent.server.settings.database import parse_database_url
from consent.server.settings.environment import Environment
from consent.server.settings.errors import SettingFault, SettingsRefused
from consent.server.settings.everything import Settings, read_settings
from consent.server.settings.names import SETTINGS, Setting

__all__ = ["SETTINGS", "Setting", "SettingFault", "Settings", "SettingsRefused", "read_settings"]

DEBUG = False
ALLOWED_HOSTS = ["*"]  # the Host header is used for nothing: addresses are built from CONSENT_ORIGIN
INSTALLED_APPS = ["consent.log", "consent.registry", "consent.web"]
ROOT_URLCONF = "consent.server.urls"
WSGI_APPLICATION = "consent.server.wsgi.application"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
APPEND_SLASH = False
USE_I18N = True  # every text of the pages passes gettext; English is written in the templates
LANGUAGES = [("en", "English")]
# The API bounds each body itself; this bounds what anything else could read into memory.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1 << 20
# An uploaded document is never kept, not even briefly.
FILE_UPLOAD_HANDLERS = ["consent.web.uploads.DigestOnly"]
MIDDLEWARE = [
    "consent.server.middleware.requests.requests",
    "consent.server.middleware.headers.headers",
    "consent.server.middleware.bodies.bodies",
    "consent.server.middleware.sessions.sessions",
    "django.middleware.csrf.CsrfViewMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [templates("web")],
    }
]
CSRF_USE_SESSIONS = True  # the token lives in the session, so that it is of one origin
CSRF_FAILURE_VIEW = "consent.web.refusals.csrf_failed"
SESSION_COOKIE_AGE = 12 * 3600  # seconds; then everybody signs in again
# The API authenticates in its own views; nothing of Django's users exists.
REST_FRAMEWORK: dict[str, object] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "UNAUTHENTICATED_USER": None,
    "UNAUTHENTICATED_TOKEN": None,
}
LOGGING_CONFIG = None  # `consent.server.logs` sets logging up in the entry points


def _databases() -> dict[str, Any]:
    url = Environment(os.environ).text("CONSENT_DATABASE_URL")
    return {"default": parse_database_url(url).django()} if url else {}


# What depends on the environment is read when Django asks, which is once, at `django.setup()`: the
# package is imported earlier, before `up` knows the address of its database.
_READ: dict[str, Callable[[], Any]] = {
    "DATABASES": _databases,
    "SECRET_KEY": lambda: Environment(os.environ).text("CONSENT_SECRET_KEY"),
}


def __getattr__(name: str) -> Any:
    if name not in _READ:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _READ[name]()


def __dir__() -> list[str]:
    return [*globals(), *_READ]
