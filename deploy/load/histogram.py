"""Latencies in buckets of equal relative width: any number of them in little memory, percentiles within 0.8 %."""

from collections import Counter
from collections.abc import Iterable, Mapping

SUB_BITS = 7  # buckets of one power of two: 128, so a bucket is at most 1/128 = 0.8 % wide
_SUB = 1 << SUB_BITS


class Histogram:
    """Counts of nanoseconds. Percentiles are the upper end of their bucket: they never flatter."""

    def __init__(self, counts: Mapping[int, int] | None = None, *, highest_ns: int = 0) -> None:
        self._counts: Counter[int] = Counter(counts or {})
        self._highest_ns = highest_ns

    @property
    def total(self) -> int:
        """How many were recorded."""
        return self._counts.total()

    @property
    def highest_ns(self) -> int:
        """The largest one, exactly."""
        return self._highest_ns

    def record(self, each_ns: Iterable[int]) -> None:
        """Count latencies; negative ones count as nought."""
        latencies = [max(0, each) for each in each_ns]
        self._counts.update(map(bucket_of, latencies))
        self._highest_ns = max(self._highest_ns, max(latencies, default=0))

    def merge(self, other: "Histogram") -> None:
        """Take over what another one counted."""
        self._counts.update(other._counts)
        self._highest_ns = max(self._highest_ns, other._highest_ns)

    def percentile_ns(self, percent: float) -> int:
        """The latency that at least this share did not exceed; 0 while nothing was recorded."""
        wanted, seen = self.total * percent / 100, 0
        for bucket in sorted(self._counts):
            seen += self._counts[bucket]
            if seen >= wanted:
                return min(upper_end_ns(bucket), self._highest_ns)
        return self._highest_ns

    def percentile_ms(self, percent: float) -> float:
        """The same in milliseconds."""
        return self.percentile_ns(percent) / 1e6

    def to_json(self) -> dict[str, object]:
        """What `from_json` takes."""
        return {
            "counts": [[bucket, count] for bucket, count in sorted(self._counts.items())],
            "highest_ns": self._highest_ns,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, object]) -> "Histogram":
        """The histogram that was written."""
        counts, highest_ns = data["counts"], data["highest_ns"]
        if not isinstance(counts, list) or not isinstance(highest_ns, int):
            raise ValueError(f"expected the counts and the highest of a histogram, got {sorted(data)}")
        return cls({int(bucket): int(count) for bucket, count in counts}, highest_ns=highest_ns)


def bucket_of(value_ns: int) -> int:
    """The bucket of a value: exact below 256 ns, then 128 to each power of two."""
    shift = max(0, value_ns.bit_length() - SUB_BITS - 1)
    return shift * _SUB + (value_ns >> shift)


def upper_end_ns(bucket: int) -> int:
    """The largest value of a bucket."""
    shift = max(0, bucket // _SUB - 1)
    return ((bucket - shift * _SUB + 1) << shift) - 1
