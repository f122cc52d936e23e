"""Django settings, read once from the environment."""

import os
from urllib.parse import unquote, urlsplit

_url = urlsplit(os.environ.get("CONSENT_DATABASE_URL", ""))
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": _url.hostname or "",
        "PORT": str(_url.port or ""),
        "NAME": _url.path.lstrip("/"),
        "USER": unquote(_url.username or ""),
        "PASSWORD": unquote(_url.password or ""),
    }
}
INSTALLED_APPS = ["consent.log", "consent.registry"]
SECRET_KEY = os.environ.get("CONSENT_SECRET_KEY", "")
USE_TZ = True
TIME_ZONE = "UTC"
