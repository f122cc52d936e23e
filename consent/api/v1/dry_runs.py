"""How a dry run is worded: the same for whoever asks."""

from msgspec import convert, to_builtins

from consent.core import dry_run
from consent.core.wire.offers import DryRun, Sample


def show_dry_run(run: dry_run.DryRun) -> DryRun:
    """The samples as they are, reasons as their codes."""
    return DryRun(could=_samples(run.could), could_not=_samples(run.could_not))


def _samples(samples: tuple[dry_run.Sample, ...]) -> list[Sample]:
    return [convert(to_builtins(sample), Sample) for sample in samples]
