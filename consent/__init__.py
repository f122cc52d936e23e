"""Creator-consent registry: the SDK's names, loaded only when asked for.

Importing this package loads nothing: `python -m consent.server up` has to run on a bare Python
before any dependency is installed.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from consent.client.errors import Denied, Unavailable
    from consent.client.registry import Registry

__all__ = ["Denied", "Registry", "Unavailable"]

_HOMES = {
    "Denied": "consent.client.errors",
    "Registry": "consent.client.registry",
    "Unavailable": "consent.client.errors",
}


def __getattr__(name: str) -> Any:
    """Load a public name from its home on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module 'consent' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
