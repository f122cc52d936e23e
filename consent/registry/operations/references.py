"""How an organization comes to know a performer: a random reference, and names of its own for it."""

from uuid import UUID

from consent.core.ids import is_id, new_id
from consent.log.transaction import HistoryTransaction, history_transaction
from consent.registry.answers import Written, written
from consent.registry.errors import Conflict, ExternalIdTaken, Invalid, NotFound
from consent.registry.history import pair_event
from consent.registry.locks import lock_performer, lock_side
from consent.registry.models import ExternalId, PairwiseReference, Performer
from consent.registry.ports import RegistryPorts
from consent.registry.text import is_storable

MAX_EXTERNAL_ID_CHARS = 128


def introduce_performer(
    ports: RegistryPorts,
    *,
    livemode: bool,
    performer: UUID,
    organization: str,
    reference: str | None = None,
) -> str:
    """Give an organization its reference for a performer; the one it has, if it was given before.

    `reference` is a readable one for actors of the test side; otherwise it is random.

    Raises:
        NotFound: no such performer or side.
        Invalid: a chosen reference on the live side.
        Conflict: the organization uses the chosen reference for another performer.
    """
    if reference is not None and (livemode or not is_id(reference, "prf")):
        raise Invalid(
            pointer="/performer", rule="reference", expected="prf_test_… on the test side", got=reference
        )
    with history_transaction(livemode, ports.log) as tx:
        lock_side(organization, livemode=livemode)
        person = lock_performer(performer, livemode=livemode)
        found = PairwiseReference.objects.filter(performer=person, organization_id=organization).first()
        if found is not None:
            tx.nothing_changed()
            return found.reference
        if reference is not None and PairwiseReference.objects.filter(
            organization_id=organization, reference=reference
        ):
            raise Conflict("the organization uses this reference for another performer")
        return give_reference(tx, ports, performer=person, organization=organization, reference=reference)


def give_reference(
    tx: HistoryTransaction,
    ports: RegistryPorts,
    *,
    performer: Performer,
    organization: str,
    reference: str | None = None,
) -> str:
    """The pair's reference, made in this transaction if there is none; the performer is locked."""
    found = PairwiseReference.objects.filter(performer=performer, organization_id=organization).first()
    if found is not None:
        return found.reference
    given = reference or new_id("prf", random=ports.log.random)
    PairwiseReference.objects.create(
        reference=given,
        performer=performer,
        organization_id=organization,
        livemode=performer.livemode,
        created_at=ports.clock(),
    )
    said = {"performer": given}
    tx.append(pair_event("performer.introduced", performer, organization, said, denies=False))
    return given


def set_external_id(
    ports: RegistryPorts, *, livemode: bool, organization: str, performer: str, external_id: str
) -> Written | None:
    """Name a performer in the organization's own words; None if the name stood already.

    `performer` is the organization's reference.

    Raises:
        NotFound: the organization was not given this reference, or the performer is being erased.
        ExternalIdTaken: the name means another performer.
        Invalid: an empty, long or unprintable name.
    """
    _check_external_id(external_id)
    with history_transaction(livemode, ports.log) as tx:
        lock_side(organization, livemode=livemode)
        pair = PairwiseReference.objects.filter(
            organization_id=organization, livemode=livemode, reference=performer
        ).first()
        if pair is None:
            raise NotFound("no such performer")
        person = lock_performer(pair.performer_id, livemode=livemode)
        found, made = ExternalId.objects.get_or_create(
            organization_id=organization,
            livemode=livemode,
            external_id=external_id,
            defaults={"performer": person, "created_at": ports.clock()},
        )
        if found.performer_id != person.id:
            raise ExternalIdTaken("this external id means another performer")
        if not made:
            tx.nothing_changed()
            return None
        said = {"performer": performer, "external_id": external_id}
        event = tx.append(pair_event("external_id.set", person, organization, said, denies=False))
    return written(tx, event, denies=False, ports=ports)


def remove_external_id(
    ports: RegistryPorts, *, livemode: bool, organization: str, external_id: str
) -> Written:
    """Forget one of the organization's names; checks by it deny from then on.

    Raises:
        NotFound: no such name, or the performer is being erased.
    """
    with history_transaction(livemode, ports.log) as tx:
        lock_side(organization, livemode=livemode)
        row = (
            ExternalId.objects.filter(
                organization_id=organization, livemode=livemode, external_id=external_id
            ).first()
            if is_storable(external_id)
            else None
        )
        if row is None:
            raise NotFound("no such external id")
        person = lock_performer(row.performer_id, livemode=livemode)
        reference = PairwiseReference.objects.get(
            performer_id=row.performer_id, organization_id=organization
        ).reference
        row.delete()
        said = {"performer": reference, "external_id": external_id}
        event = tx.append(pair_event("external_id.removed", person, organization, said, denies=True))
    return written(tx, event, denies=True, ports=ports)


def _check_external_id(external_id: str) -> None:
    if not 1 <= len(external_id) <= MAX_EXTERNAL_ID_CHARS:
        raise Invalid(
            pointer="/external_id",
            rule="length",
            expected=f"1 to {MAX_EXTERNAL_ID_CHARS} characters",
            got=str(len(external_id)),
        )
    if not is_storable(external_id) or not external_id.isprintable() or " " in external_id:
        raise Invalid(
            pointer="/external_id",
            rule="printable",
            expected="printable characters without spaces",
            got="others",
        )
