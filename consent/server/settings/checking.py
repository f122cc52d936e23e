"""How much memory the facts of checks may take."""

from consent.server.settings.environment import Environment

NAME = "CONSENT_CHECK_MEMORY_MB"
DEFAULT_MB = 256
MIN_MB, MAX_MB = 16, 1 << 20


def read_check_memory(environment: Environment) -> int:
    """CONSENT_CHECK_MEMORY_MB in bytes."""
    text = environment.text(NAME)
    if not text:
        return DEFAULT_MB << 20
    if not (text.isascii() and text.isdecimal()) or not MIN_MB <= int(text) <= MAX_MB:
        environment.refuse(NAME, f"is not a whole number of megabytes from {MIN_MB} up", "write, say, 1024")
        return DEFAULT_MB << 20
    return int(text) << 20
