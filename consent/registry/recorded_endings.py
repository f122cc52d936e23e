"""The registry's signed word for any ending that somebody chose: by a signature, or on a session, link or order."""

import hashlib

from consent.log.events import open_event
from consent.log.models import Event
from consent.registry.acceptance import repeated
from consent.registry.answers import answer_enforced, enforced, seen
from consent.registry.models import Acknowledgement as AcknowledgementRow
from consent.registry.models import GrantEnding
from consent.registry.ports import RegistryPorts
from signing.acknowledgement import AUTHORITIES, Acknowledgement, sign_acknowledgement
from signing.canonical import canonicalize


def acknowledgement_of(ending: GrantEnding, ports: RegistryPorts) -> str | None:
    """The kept acknowledgement of an ending, made now if there is none; waits until the ending is enforced.

    None where nobody chose to end: a term ran out, or a successor took the place.

    Raises:
        RecordDestroyedError: it was erased before anybody asked.
    """
    if ending.statement is not None:
        return answer_enforced(repeated(ports, ending.statement), ports).acknowledgement
    if ending.authority not in AUTHORITIES:
        return None
    written = seen(ending.event, ports=ports)
    enforced_at = enforced(written, ports)
    kept = AcknowledgementRow.objects.filter(event=ending.event).values_list("jws", flat=True).first()
    if kept is not None or enforced_at is None:
        return kept
    event = open_event(Event.objects.get(event_id=ending.event), ports=ports.log).event
    signers = ports.signers[ending.livemode]
    jws = sign_acknowledgement(
        Acknowledgement(
            issuer=signers.issuer,
            livemode=ending.livemode,
            authority=ending.authority,
            grant=ending.grant_id,
            body_sha256=hashlib.sha256(canonicalize(dict(event))).hexdigest(),
            committed=written.committed,
            enforced_at=enforced_at,
        ),
        signer=signers.registry,
    )
    row, _ = AcknowledgementRow.objects.get_or_create(event=ending.event, defaults={"jws": jws})
    return str(row.jws)
