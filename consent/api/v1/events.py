"""`/v1/events`: what happened to the organization's own objects, newest first."""

from collections.abc import Sequence

from msgspec import UNSET

from consent.api.operation import Actor, operation
from consent.api.paging import Place
from consent.api.query import PageQuery
from consent.api.view import ApiView, Call, Reply
from consent.core.wire.fields import Page
from consent.core.wire.records import Event
from consent.core.wire.times import milliseconds_or_none, seconds
from consent.log.models import Enforcement
from consent.registry.queries.events import EventView, events_of_organization


class EventsView(ApiView):
    """The organization's events on this side."""

    @operation(
        id="listEvents",
        summary="List what happened to your offers, grants and keys",
        tag="Events",
        actor=Actor.ORGANIZATION,
        scope="events",
        query=PageQuery,
        answer=Page[Event],
        csv=True,
        description="Every stop of a grant reads alike: no reason, no author. Of what denies, `enforced_at` is "
        "null until every check denies.",
    )
    def get(self, call: Call) -> Reply:
        """Newest first, in the order of the registry's history."""
        caller, limit = call.organization, call.query.limit
        cursors, bound_to = self.wiring.cursors, f"{caller.scope_name}|{call.request.path}"
        before = None
        if call.query.cursor is not UNSET:
            before = int(cursors.decode(call.query.cursor, expected_bound_to=bound_to).id)
        found = events_of_organization(
            self.wiring.registry,
            livemode=caller.livemode,
            organization=caller.organization,
            before_seq=before,
            limit=limit + 1,
        )
        following = None
        if len(found) > limit:
            last = found[limit - 1]
            following = cursors.encode(Place(at=last.at, id=str(last.seq)), bound_to=bound_to)
        return Reply(value={"data": _show_all(found[:limit]), "next_cursor": following})


def _show_all(found: Sequence[EventView]) -> list[Event]:
    noted = dict(
        Enforcement.objects.filter(event_id__in=[each.id for each in found]).values_list(
            "event_id", "enforced_at"
        )
    )
    return [
        Event(
            id=each.id,
            livemode=each.livemode,
            type=each.kind,
            created_at=seconds(each.at),
            position=each.position,
            object=dict(each.body or {}),
            enforced_at=milliseconds_or_none(noted[each.id]) if each.id in noted else UNSET,
        )
        for each in found
    ]
