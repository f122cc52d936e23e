"""Whom questions are about: references, external ids and grants, resolved for many questions at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from consent.core.asked import Asked
from consent.registry.known_performers import EXTERNAL
from consent.registry.models import ExternalId, Grant, PairwiseReference
from consent.registry.text import is_storable


def licensee_of(asked: Asked) -> str:
    """Whose grants are asked about."""
    return asked.on_behalf_of or asked.caller


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolver:
    """What the references of some questions mean."""

    by_reference: dict[tuple[str, str], UUID]
    by_grant: dict[str, tuple[str, UUID, str]]
    licensees: frozenset[str]

    @property
    def performers(self) -> frozenset[UUID]:
        """Everybody that any of the questions is about."""
        return frozenset(self.by_reference.values()) | {found[1] for found in self.by_grant.values()}

    def references(self, asked: Asked) -> tuple[str, ...]:
        """The references under which the question's facts are given."""
        if asked.grant is None:
            return asked.performers
        found = self._grant(asked)
        return () if found is None else (found[2],)

    def performer(self, asked: Asked, reference: str) -> UUID | None:
        """Who a reference of the question is, in the asker's words or else in the licensee's."""
        if asked.grant is not None:
            found = self._grant(asked)
            return None if found is None else found[1]
        own = self.by_reference.get((asked.caller, reference))
        if own is not None or reference.startswith(EXTERNAL):
            return own
        return self.by_reference.get((licensee_of(asked), reference))

    def selector_found(self, asked: Asked) -> bool:
        """Whether the grant exists and is the licensee's; personas and models are not kept yet."""
        if asked.persona is not None or asked.model is not None:
            return False
        return asked.grant is None or self._grant(asked) is not None

    def _grant(self, asked: Asked) -> tuple[str, UUID, str] | None:
        found = self.by_grant.get(asked.grant or "")
        return found if found is not None and found[0] == licensee_of(asked) else None


def resolve(questions: Sequence[Asked], *, livemode: bool) -> Resolver:
    """Look up every reference, external id and grant of the questions in three queries at most."""
    licensees = frozenset(licensee_of(asked) for asked in questions)
    callers = frozenset(asked.caller for asked in questions)
    sent = {each for asked in questions for each in asked.performers if is_storable(each)}
    external = {each.removeprefix(EXTERNAL) for each in sent if each.startswith(EXTERNAL)}
    references = {each for each in sent if not each.startswith(EXTERNAL)}
    grants = {asked.grant for asked in questions if asked.grant is not None and is_storable(asked.grant)}
    by_reference: dict[tuple[str, str], UUID] = {}
    if references:
        rows = PairwiseReference.objects.filter(
            organization_id__in=licensees | callers, reference__in=references, livemode=livemode
        )
        for organization, reference, performer in rows.values_list(
            "organization_id", "reference", "performer_id"
        ):
            by_reference[organization, reference] = performer
    if external:
        names = ExternalId.objects.filter(
            organization_id__in=callers, external_id__in=external, livemode=livemode
        )
        for organization, name, performer in names.values_list(
            "organization_id", "external_id", "performer_id"
        ):
            by_reference[organization, EXTERNAL + name] = performer
    by_grant: dict[str, tuple[str, UUID, str]] = {}
    if grants:
        found = Grant.objects.filter(id__in=grants, organization_id__in=licensees, livemode=livemode)
        for grant, organization, performer, reference in found.values_list(
            "id", "organization_id", "performer_id", "reference"
        ):
            by_grant[grant] = (organization, performer, reference)
    return Resolver(by_reference=by_reference, by_grant=by_grant, licensees=licensees)
