"""Bring the actors to a test organization: known by their readable references, their consents signed."""

from datetime import date, timedelta
from uuid import UUID

from consent.registry.errors import CredentialTaken
from consent.registry.models import Credential, Grant, IdentityCheck
from consent.registry.operations.draft_offer import draft_offer
from consent.registry.operations.enrol_performer import enrol_performer
from consent.registry.operations.record_identity_check import record_identity_check
from consent.registry.operations.references import introduce_performer
from consent.registry.operations.send_offer import send_offer
from consent.registry.ports import RegistryPorts
from consent.server.test_actors.actors import ACTORS, Actor, Answer
from consent.server.test_actors.conduct import pause, sign_offer
from consent.server.test_actors.keys import published_key
from signing.canonical import sha256_hex

EXAMINER = "Test examiner (invented)"
EVIDENCE = b"There is no document: this performer is invented and exists on the test side only."
CHECK_AGAIN_AFTER = timedelta(days=300)  # an identity check serves signing for twelve months


def seed_actors(ports: RegistryPorts, organization: str) -> None:
    """Make every actor known to a test organization, with the grants that are its part. Idempotent.

    An actor that has ever signed for the organization signs nothing again: what `prf_test_revoke_10s` ended
    stays ended. Killed half-way, the next call completes it.

    Raises:
        RegistryError: the organization has no test side, or the registry refuses an actor.
    """
    for actor in ACTORS:
        performer = enrol_actor(ports, actor)
        introduce_performer(
            ports, livemode=False, performer=performer, organization=organization, reference=actor.reference
        )
        signed = Grant.objects.filter(livemode=False, performer_id=performer, organization_id=organization)
        # Grants are signed in the order of `seeded`; what a killed call left out is signed now.
        for terms in actor.seeded[signed.count() :]:
            offer = draft_offer(
                ports,
                livemode=False,
                organization=organization,
                terms=terms(ports.clock().replace(microsecond=0)),
                performer=actor.reference,
                performer_name=actor.stage_name,
            )
            send_offer(ports, livemode=False, organization=organization, offer=offer)
            grant = sign_offer(ports, actor, performer, offer)
            if actor.answer is Answer.SIGNS_AND_PAUSES:
                pause(ports, actor, grant)


def enrol_actor(ports: RegistryPorts, actor: Actor) -> UUID:
    """The actor's one account on the test side, enrolled and examined where it is not yet."""
    key = published_key(actor.reference).public
    performer = _find(key.thumbprint)
    if performer is None:
        try:
            performer = enrol_performer(
                ports,
                livemode=False,
                public_key=key,
                kind="ed25519",
                legal_name=f"{actor.stage_name} (invented)",
                birth_date=date(1990, 1, 1),
                email=f"{actor.reference}@performers.invalid",  # nobody is there, and no mail is tried
                stage_names=[actor.stage_name],
                label="published test key",
            ).performer
        except CredentialTaken:  # another process was faster
            performer = Credential.objects.get(thumbprint=key.thumbprint).performer_id
    checks = IdentityCheck.objects.filter(
        performer_id=performer, over_18=True, checked_at__gt=ports.clock() - CHECK_AGAIN_AFTER
    )
    if not checks.exists():
        record_identity_check(
            ports,
            livemode=False,
            performer=performer,
            examiner=EXAMINER,
            method="document",
            evidence_sha256=sha256_hex(EVIDENCE),
            over_18=True,
        )
    return performer


def _find(thumbprint: str) -> UUID | None:
    return Credential.objects.filter(thumbprint=thumbprint).values_list("performer_id", flat=True).first()
