"""The actors at work: they answer offers, and end what they end, within about a second."""

import logging
from collections.abc import Callable

from consent.log.errors import LogError
from consent.registry.errors import RegistryError
from consent.registry.models import Credential
from consent.registry.ports import RegistryPorts
from consent.server.test_actors.actors import ACTORS, Answer
from consent.server.test_actors.conduct import answer_offer, due_to_end, end, open_offers
from consent.server.test_actors.keys import published_key

PAUSE_S = 0.5  # between two looks
_logger = logging.getLogger(__name__)


def step(ports: RegistryPorts) -> int:
    """Answer every waiting offer and end every grant that is due; how many acts. Safe to run anywhere, twice."""
    acts = 0
    for actor in ACTORS:
        thumbprint = published_key(actor.reference).public.thumbprint
        performer = (
            Credential.objects.filter(thumbprint=thumbprint).values_list("performer_id", flat=True).first()
        )
        if performer is None:
            continue
        if actor.answer is not Answer.LEAVES:
            for offer in open_offers(performer):
                answer_offer(ports, actor, performer, offer)
                acts += 1
        for grant in due_to_end(ports, actor, performer):
            end(ports, actor, grant)
            acts += 1
    return acts


def run(ports: RegistryPorts, *, wait: Callable[[float], bool]) -> None:
    """Step until `wait(seconds)` says to stop. A step that fails is taken again."""
    while not wait(PAUSE_S):
        try:
            step(ports)
        except (RegistryError, LogError):
            # Somebody else acted on the same row, or the database is away: the next step looks afresh.
            _logger.warning("a test actor's step failed; it is taken again", exc_info=True)
