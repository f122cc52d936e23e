"""The registry's own WSGI callable with the lane switched off: each check goes through Django and the API's view."""

import os
from typing import Any

import django
from django.core.wsgi import get_wsgi_application

from consent.server.logs import set_up_logs

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "consent.server.settings")
set_up_logs()
django.setup()

from consent.log.start import start  # noqa: E402  # models exist only after the set-up
from consent.server.wiring import wiring  # noqa: E402

start(wiring().registry.log)
application: Any = get_wsgi_application()
