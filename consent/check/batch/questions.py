"""The rows of a batch as completed questions, or as the faults that keep them from being any."""

from collections.abc import Sequence
from typing import Final

from consent.check.caller import OrganizationCaller
from consent.check.question import Question
from consent.check.question_body import check_row
from consent.core.wire.check import CheckRequest
from consent.core.wire.decode import Batch
from consent.core.wire.errors import WireError

# Performers named in all rows together, each as often as it is named: the record of the longest batch stays within
# `signing.ledger_record.MAX_RECORD_BYTES`, since a longer one would be found torn.
MAX_BATCH_PERFORMERS: Final = 40_000


def complete_rows(batch: Batch, *, caller: OrganizationCaller) -> list[Question | WireError]:
    """For each request of the batch the question that its rows ask, or their fault.

    Raises:
        WireError: the rows together name too many performers.
    """
    completed = [_complete(request, caller) for request in batch.requests]
    named = [len(each.asked.performers) if isinstance(each, Question) else 0 for each in completed]
    count = sum(map(named.__getitem__, batch.places)) if max(named, default=0) > 1 else 0
    if count > MAX_BATCH_PERFORMERS:
        raise WireError(
            "/checks",
            "performer_count",
            f"at most {MAX_BATCH_PERFORMERS} performers in all rows together",
            str(count),
            "batch_size_invalid",
        )
    return completed


def questions_among(rows: Sequence[Question | WireError]) -> list[Question]:
    """Those that are questions, in their order."""
    return [each for each in rows if isinstance(each, Question)]


def _complete(request: CheckRequest | WireError, caller: OrganizationCaller) -> Question | WireError:
    if isinstance(request, WireError):
        return request
    try:
        check_row(request)
        return Question(request, caller=caller)
    except WireError as fault:
        return fault
