"""The real API over real PostgreSQL, for the tests that hold the client against it."""

from tests.api.conftest import api_log_ports, house

__all__ = ["api_log_ports", "house"]
