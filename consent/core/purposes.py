"""Purposes, and the four sensitive flags that are false unless sent (DECIDING 7)."""

from typing import Final

PURPOSES: Final = frozenset(
    {
        "entertainment.film-tv",
        "entertainment.game",
        "entertainment.music",
        "audiobook",
        "localisation",
        "advertise",
        "companion",
        "adult",
        "assistive",
        "education",
        "news",
        "political",
        "religious",
        "customer-service",
        "research",
        "internal-test",
    }
)
FLAGS: Final = ("political", "religious", "medical", "endorsement")


def implied_flag(purpose: str | None) -> str | None:
    """The flag that a purpose carries by its very name, if it carries one."""
    return purpose if purpose in FLAGS else None
