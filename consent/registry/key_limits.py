"""How much may be asked with an API key: by day, and by second."""

from dataclasses import dataclass

from consent.registry.errors import Invalid

MAX_DAILY_QUOTA = 10**12  # rows; well inside the integers of I-JSON
MAX_RATE_PER_S = 1_000_000  # rows


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyLimitsWanted:
    """At most so many rows in a UTC day and in a second; None: as many as they like."""

    daily_quota: int | None = None
    rate_per_s: int | None = None

    def __str__(self) -> str:
        day = "any number" if self.daily_quota is None else f"at most {self.daily_quota}"
        second = "any number" if self.rate_per_s is None else f"at most {self.rate_per_s}"
        return f"{day} a day, {second} a second"

    def check(self) -> None:
        """Raises Invalid for a limit that lets nothing through, or that is no limit."""
        for name, limit, most in (
            ("daily_quota", self.daily_quota, MAX_DAILY_QUOTA),
            ("rate_per_s", self.rate_per_s, MAX_RATE_PER_S),
        ):
            if limit is not None and not 1 <= limit <= most:
                raise Invalid(pointer=f"/{name}", rule="range", expected=f"1 to {most}", got=str(limit)[:40])

    def within(self, bound: "KeyLimitsWanted") -> "KeyLimitsWanted":
        """These, or the bound's where that is narrower."""
        return KeyLimitsWanted(
            daily_quota=_least(self.daily_quota, bound.daily_quota),
            rate_per_s=_least(self.rate_per_s, bound.rate_per_s),
        )

    def to_json(self) -> dict[str, int | None]:
        """Both, by name."""
        return {"daily_quota": self.daily_quota, "rate_per_s": self.rate_per_s}


UNLIMITED = KeyLimitsWanted()


def _least(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else min(one, other)
