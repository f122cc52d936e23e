"""Deciding on this machine, in microseconds: a verified copy of one's own consents that follows the registry."""
