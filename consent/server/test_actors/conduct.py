"""What an actor does, through the operations that serve every performer."""

from uuid import UUID

from consent.core.states import GrantState
from consent.registry.errors import RegistryError
from consent.registry.models import Grant, Offer
from consent.registry.operations.close_offer import decline_offer
from consent.registry.operations.prepare_grant import prepare_grant
from consent.registry.operations.submit_statement import submit_statement
from consent.registry.operations.view_offer import view_offer
from consent.registry.ports import RegistryPorts
from consent.server.test_actors.actors import Actor, Answer
from consent.server.test_actors.keys import published_key
from consent.server.test_actors.statements import about, signed

LANGUAGE = "en"


def answer_offer(ports: RegistryPorts, actor: Actor, performer: UUID, offer: str) -> None:
    """Do with one open offer what the actor always does; what it cannot sign, it declines."""
    match actor.answer:
        case Answer.SIGNS | Answer.SIGNS_AND_PAUSES:
            try:
                grant = sign_offer(ports, actor, performer, offer)
            except RegistryError:
                # Adult terms, no text in English: an invented performer says no rather than nothing.
                decline_offer(ports, livemode=False, performer=performer, offer=offer)
                return
            if actor.answer is Answer.SIGNS_AND_PAUSES:
                pause(ports, actor, grant)
        case Answer.DECLINES:
            decline_offer(ports, livemode=False, performer=performer, offer=offer)
        case Answer.LEAVES:
            pass


def sign_offer(ports: RegistryPorts, actor: Actor, performer: UUID, offer: str) -> Grant:
    """View, prepare and sign one offer with the actor's published key.

    Raises:
        RegistryError: the registry refuses it, as it would refuse anybody.
    """
    key = published_key(actor.reference)
    view_offer(ports, livemode=False, performer=performer, offer=offer)
    prepared = prepare_grant(
        ports,
        livemode=False,
        performer=performer,
        offer=offer,
        credential=key.public.thumbprint,
        language=LANGUAGE,
        performer_name=actor.stage_name,
    )
    submit_statement(ports, envelope=signed(prepared.body, key))
    return Grant.objects.get(id=prepared.grant)


def pause(ports: RegistryPorts, actor: Actor, grant: Grant) -> None:
    """Suspend a grant and wait until that is enforced."""
    key = published_key(actor.reference)
    envelope = about(grant, "suspension", key=key, effect="pause", holder="performer")
    submit_statement(ports, envelope=envelope)


def end(ports: RegistryPorts, actor: Actor, grant: Grant) -> None:
    """End a grant for good and wait until that is enforced."""
    envelope = about(grant, "revocation", key=published_key(actor.reference), effect="end")
    submit_statement(ports, envelope=envelope)


def open_offers(performer: UUID) -> list[str]:
    """Offers that wait for this actor, oldest first."""
    rows = Offer.objects.filter(livemode=False, performer_id=performer, state__in=("offered", "viewed"))
    return list(rows.order_by("sent_at", "id").values_list("id", flat=True))


def due_to_end(ports: RegistryPorts, actor: Actor, performer: UUID) -> list[Grant]:
    """This actor's grants that have stood for as long as they ever do."""
    if actor.ends_after is None:
        return []
    rows = Grant.objects.filter(
        livemode=False,
        performer_id=performer,
        state=GrantState.ACTIVE.value,
        signed_at__lte=ports.clock() - actor.ends_after,
    )
    return list(rows.order_by("signed_at", "id"))
