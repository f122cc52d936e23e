"""Open the registry that a command is about: the one in the environment, or the one running in this folder."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from consent.server.django_setup import set_up_django
from consent.server.embedded.errors import StartError
from consent.server.laptop.folder import SERVER_ENV, read_env
from consent.server.settings import Settings, read_settings
from consent.server.settings.storage import DEFAULT_DATA_DIR

if TYPE_CHECKING:
    from consent.server.wiring import Wiring

_DATABASE = ("CONSENT_DATABASE_URL", "CONSENT_DATABASE_URL_FILE")


def adopt_settings() -> Settings:
    """The settings in the environment; without a database there, those of the laptop's running registry.

    Raises:
        StartError: neither is there.
        SettingsRefused: what is there cannot be used.
    """
    if not any(os.environ.get(name) for name in _DATABASE):
        folder = Path(os.environ.get("CONSENT_DATA_DIR", "") or DEFAULT_DATA_DIR)
        found = read_env(folder / SERVER_ENV)
        if not found:
            raise StartError(
                f"there is no registry here: CONSENT_DATABASE_URL is not set, and none runs in {folder}. "
                "Start one with `make run`, or call this from the folder that it was started in."
            )
        os.environ.update(found)
    return read_settings(os.environ)


def open_registry() -> "Wiring":
    """The wiring of that registry, for one command. It must have been prepared by `up` or `migrate`."""
    settings = adopt_settings()
    set_up_django()
    # Imported here: models exist only after the set-up.
    from consent.log.start import start  # noqa: PLC0415
    from consent.server.wiring import make_wiring  # noqa: PLC0415

    made = make_wiring(settings)
    start(made.registry.log)
    return made
