"""`/v1/grants/{grant}/checks` and `/v1/me/asked`: who asked how often, day by day."""

from datetime import timedelta

from consent.api.operation import Actor, operation
from consent.api.view import ApiView, Call
from consent.core.wire.asked import AskedAboutMe, AskedOnDay, ChecksOnDay, GrantChecks
from consent.registry import models
from consent.registry.errors import NotFound
from consent.registry.queries.asked import asked, checks_of
from consent.registry.queries.grants import grants_of_organization

SHOWN = timedelta(days=90)
_LATE = "The last 90 days (UTC). An answer is counted when it was shipped, some seconds later."


class GrantChecksView(ApiView):
    """How one consent is used."""

    @operation(
        id="listGrantChecks",
        summary="Count your checks of a consent",
        tag="Grants",
        actor=Actor.ORGANIZATION,
        scope="grants",
        answer=GrantChecks,
        description=f"{_LATE} Checks that this consent allowed; a deny rests on no consent.",
    )
    def get(self, call: Call, grant: str) -> GrantChecks:
        """The caller's own."""
        caller = call.organization
        found = grants_of_organization(caller.organization, livemode=caller.livemode).filter(id=grant).first()
        if found is None:
            raise NotFound("no such grant")
        since = (self.wiring.registry.clock() - SHOWN).date()
        return GrantChecks(
            grant=found.id,
            livemode=found.livemode,
            days=[
                ChecksOnDay(day=each.day.isoformat(), allowed=each.allowed)
                for each in checks_of(found, organization=caller.organization, since=since)
            ],
        )


class AskedAboutMeView(ApiView):
    """Who asked about the performer."""

    @operation(
        id="listAskedAboutMe",
        summary="Count who asked about you",
        tag="Performers' side",
        actor=Actor.PERFORMER,
        answer=AskedAboutMe,
        description=f"{_LATE} Questions that named you by `external_id` are counted where they were allowed.",
    )
    def get(self, call: Call) -> AskedAboutMe:
        """Each organization by its name."""
        me = call.performer
        days = asked(me.performer, since=(self.wiring.registry.clock() - SHOWN).date())
        names = dict(
            models.Organization.objects.filter(id__in={each.organization for each in days}).values_list(
                "id", "legal_name"
            )
        )
        return AskedAboutMe(
            livemode=me.livemode,
            days=[
                AskedOnDay(
                    day=each.day.isoformat(),
                    organization=each.organization,
                    legal_name=names[each.organization],
                    allowed=each.allowed,
                    denied=each.denied,
                )
                for each in days
            ],
        )
