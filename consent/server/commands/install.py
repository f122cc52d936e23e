"""`consent-server install`: see `consent.server.embedded.bootstrap`, which answers before this is reached."""

from collections.abc import Sequence

from consent.server.embedded.bootstrap import install


def run(arguments: Sequence[str]) -> int:
    """Make or refresh `.venv`; returns the exit status."""
    return install(arguments)
