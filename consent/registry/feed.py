"""What an organization may rely on about a performer towards a licensee, in the words of the change feed.

Only what `decide` needs: no names, no reasons, no authors. A test compares: whoever knows these subjects decides as
the registry does.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

from consent.core.facts import GrantFacts, GrantState
from consent.core.terms import LimitsTerms
from consent.core.uses import selects
from consent.core.wire.changes import ChangedGrant, ChangedSubject
from consent.core.wire.times import seconds, seconds_or_none
from consent.registry.models import ExternalId, Grant, GrantRecipient, PairwiseReference
from consent.registry.pair_facts import load_pairs
from consent.registry.ports import RegistryPorts

_WORDS: dict[GrantState, Literal["signed", "active", "paused"]] = {
    GrantState.SIGNED: "signed",
    GrantState.ACTIVE: "active",
    GrantState.SUSPENDED: "paused",
}


class SubjectKey(NamedTuple):
    """A performer towards a licensee, as `organization` may see them."""

    organization: str
    licensee: str
    performer: UUID


class _Names:
    """What organizations call performers; one query each."""

    def __init__(self, keys: Collection[SubjectKey], *, livemode: bool) -> None:
        performers = {key.performer for key in keys}
        organizations = {key.organization for key in keys} | {key.licensee for key in keys}
        given = PairwiseReference.objects.filter(
            performer_id__in=performers, organization_id__in=organizations, livemode=livemode
        )
        self.references = {
            (organization, performer): reference
            for organization, performer, reference in given.values_list(
                "organization_id", "performer_id", "reference"
            )
        }
        named = ExternalId.objects.filter(
            performer_id__in=performers,
            organization_id__in={key.organization for key in keys},
            livemode=livemode,
        )
        self.external: dict[tuple[str, UUID], list[str]] = {}
        for organization, performer, name in named.order_by("external_id").values_list(
            "organization_id", "performer_id", "external_id"
        ):
            self.external.setdefault((organization, performer), []).append(name)


def load_subjects(
    keys: Collection[SubjectKey], *, livemode: bool, at: datetime, ports: RegistryPorts
) -> dict[SubjectKey, ChangedSubject]:
    """The present facts of each subject, read in the caller's snapshot; a bounded number of queries.

    A subject whose licensee never gave the performer a reference is left out: nobody can ask about it.

    Raises:
        KeyStoreUnavailableError: limits cannot be opened now.
    """
    if not keys:
        return {}
    names = _Names(keys, livemode=livemode)
    performers = {key.performer for key in keys}
    licensees = {key.licensee for key in keys}
    pairs = load_pairs(performers, licensees, livemode=livemode, at=at, ports=ports)
    digests: dict[tuple[str, UUID], dict[str, str]] = {}
    rows = Grant.objects.filter(performer_id__in=performers, organization_id__in=licensees, livemode=livemode)
    for grant, licensee, performer, digest in rows.values_list(
        "id", "organization_id", "performer_id", "grant_sha256"
    ):
        digests.setdefault((licensee, performer), {})[grant] = digest
    found = {}
    for key in keys:
        reference = names.references.get((key.licensee, key.performer))
        if reference is None:
            continue
        facts = pairs.subject(
            reference, performer=key.performer, licensee=key.licensee, caller=key.organization
        )
        own = key.organization == key.licensee
        grants = [each for each in facts.grants if own or key.organization in each.terms.recipients]
        known = digests.get((key.licensee, key.performer), {})
        told = own or bool(grants)
        found[key] = ChangedSubject(
            performer=reference,
            licensee=key.licensee,
            caller_reference=names.references.get((key.organization, key.performer)),
            external_ids=names.external.get((key.organization, key.performer), []),
            known=facts.known,
            deceased_at=seconds_or_none(facts.deceased_at) if told else None,
            prior_record=facts.prior_record and own,
            ever_signed=facts.ever_signed and told,
            limits=projected(facts.limits, grants),
            grants=[_grant(each, known) for each in grants],
            ended=sorted(known.keys() - {each.grant for each in grants}) if own else [],
        )
    return found


def delegated(
    organization: str, *, livemode: bool, after: tuple[str, UUID] | None, limit: int
) -> list[SubjectKey]:
    """The next subjects of other licensees that name this organization in a grant which has not ended, in the order
    of licensee and performer."""
    rows = GrantRecipient.objects.filter(organization_id=organization, livemode=livemode).exclude(
        licensee_id=organization
    )
    rows = rows.filter(grant__state__in=[state.value for state in _WORDS])
    if after is not None:
        licensee, performer = after
        rows = rows.filter(licensee_id__gte=licensee).exclude(
            licensee_id=licensee, performer_id__lte=performer
        )
    ordered = rows.order_by("licensee_id", "performer_id").values_list("licensee_id", "performer_id")
    return [
        SubjectKey(organization, licensee, performer) for licensee, performer in ordered.distinct()[:limit]
    ]


def introduced(
    organization: str, *, livemode: bool, after: str | None, limit: int
) -> list[tuple[str, SubjectKey]]:
    """The next performers that this organization was given, with its references, in the order of these."""
    rows = PairwiseReference.objects.filter(organization_id=organization, livemode=livemode)
    if after is not None:
        rows = rows.filter(reference__gt=after)
    return [
        (reference, SubjectKey(organization, organization, performer))
        for reference, performer in rows.order_by("reference").values_list("reference", "performer_id")[
            :limit
        ]
    ]


def _grant(facts: GrantFacts, digests: dict[str, str]) -> ChangedGrant:
    return ChangedGrant(
        grant=facts.grant,
        grant_sha256=digests[facts.grant],
        state=_WORDS[facts.state],
        signed_at=seconds(facts.signed_at),
        terms=facts.terms.to_json(),
        counted=facts.terms.counted,
    )


def projected(limits: LimitsTerms | None, grants: Iterable[GrantFacts]) -> dict[str, Any] | None:
    """Of a performer's limits what could ever matter for these grants.

    `decide` weighs limits only where an active grant names the use that is asked for (DECIDING 24), so a prohibition
    of other uses tells the licensee nothing that it needs. Limits that do not open deny everything, and say no more.
    """
    named = {use for grant in grants for use in grant.terms.by_use}
    if limits is None or not named:
        return None
    if limits.unknown:
        return {}
    source = limits.to_json()
    kept = [
        document
        for document, prohibition in zip(source.get("never", ()), limits.never, strict=True)
        if prohibition.uses is None or any(selects(name, use) for name in prohibition.uses for use in named)
    ]
    return {**source, "never": kept} if kept else None
