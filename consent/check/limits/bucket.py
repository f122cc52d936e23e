"""A token bucket: fills at a rate up to its size, and may owe what others took."""


class Bucket:
    """`rate` tokens come in a second, at most `size` wait. Not safe between threads: its owner locks.

    Instants are seconds of one monotonic clock.
    """

    __slots__ = ("at", "level", "rate", "size")

    def __init__(self, *, rate: float, size: float, now: float) -> None:
        self.rate = rate
        self.size = size
        self.level = size
        self.at = now

    def __repr__(self) -> str:
        return f"Bucket({self.level:.1f} of {self.size})"

    def take(self, cost: float, now: float, *, before: float = 0.0) -> bool:
        """Take `cost` if that much is there; what is more than the whole bucket holds needs a full one, and is owed.

        `before` is what the same call took already.
        """
        level, at = self.level, self.at
        if now > at:
            level += (now - at) * self.rate
            if level > self.size:  # noqa: PLR1730  # a third of what `min` takes, at every check
                level = self.size
            self.level = level
            self.at = now
        if level < cost and (cost + before <= self.size or level + before < self.size):
            return False
        self.level = level - cost
        return True

    @property
    def whole(self) -> int:
        """How many whole tokens there are."""
        return int(self.level) if self.level > 0 else 0

    def owe(self, cost: float) -> None:
        """Take `cost` whether it is there or not."""
        self.level -= cost

    def wait_s(self, cost: float) -> float:
        """How long from the last `take` until `cost` can be taken, in seconds."""
        return max(0.0, (min(cost, self.size) - self.level) / self.rate)
