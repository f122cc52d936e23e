"""Fixtures of the tests of evidence: the registry's world."""

from tests.registry.conftest import intruder, log_ports, waits, world

__all__ = ["intruder", "log_ports", "waits", "world"]
