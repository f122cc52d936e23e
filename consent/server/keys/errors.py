"""Why the registry's keys cannot be used."""

from consent.server.embedded.errors import StartError


class KeysError(StartError):
    """The key files are missing, closed under another secret, or do not fit this registry."""
