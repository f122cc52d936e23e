"""`/v1/changes`: what changed for an organization, so that it can decide by itself."""

from functools import partial

from consent.api.operation import Actor, operation
from consent.api.view import ApiView, Call
from consent.check.changes.answering import ChangesQuery
from consent.core.wire.changes import ChangesResponse


class ChangesView(ApiView):
    """The change feed."""

    @operation(
        id="followChanges",
        summary="Follow what changes answers about your performers",
        tag="Checks",
        actor=Actor.ORGANIZATION,
        scope="check",
        counts="/v1/changes",
        query=ChangesQuery,
        answer=ChangesResponse,
        problems=("rolled_back", "position_invalid", "position_conflict", "page_invalid"),
        description="One signed page: the events after `after`, each with the present facts of what it touched; "
        "without `after`, or where that is too long ago, a snapshot. The SDK's local mode reads it. It "
        "counts against no limit of the key, but has a brake of its own, in which a page of a snapshot is ten calls.",
    )
    def get(self, call: Call) -> ChangesResponse:
        """The next page."""
        count = partial(self.count, self.operation(call.request))
        return self.wiring.changes.answer(call.query, caller=call.organization, count=count)
