"""The rows of a batch as completed questions, or as the problems that keep them from being any."""

from consent.check.caller import OrganizationCaller
from consent.check.checks import ToProblem
from consent.check.question_body import check_row
from consent.core.asked import Asked
from consent.core.complete import complete
from consent.core.wire.check import BatchResult, CheckRequest
from consent.core.wire.decode import Batch
from consent.core.wire.errors import WireError


def complete_rows(
    batch: Batch, *, caller: OrganizationCaller, to_problem: ToProblem
) -> tuple[dict[str, Asked], dict[str, BatchResult]]:
    """Each row's question by the row's name, and the rows that are refused with their problems."""
    questions: dict[str, Asked] = {}
    refused: dict[str, BatchResult] = {}
    for item in batch.items:
        try:
            questions[item.id] = _complete_row(item.request, item.fault, caller)
        except WireError as exc:
            refused[item.id] = BatchResult(id=item.id, problem=to_problem(exc))
    return questions, refused


def _complete_row(request: CheckRequest | None, fault: WireError | None, caller: OrganizationCaller) -> Asked:
    if request is None:
        assert fault is not None  # a row has one or the other
        raise fault
    check_row(request)
    return complete(request, caller.context, caller=caller.organization)
