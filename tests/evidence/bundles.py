"""What the tests of bundles need: the published trust file of a world, and the questions of a consent.

Imported only inside tests and fixtures: the models need Django to be set up.
"""

from typing import Any

from consent.registry.ports import RegistryPorts
from signing.keys import PublicKey
from signing.trust import Trust, TrustedKey, TrustedOrigins, format_trust
from tests.log.publishing.house import log_signer
from tests.registry.world import ALWAYS, Person, World, question_of
from tests.signing.samples import key


def trust_of(ports: RegistryPorts) -> bytes:
    """The trust file as this registry publishes it."""
    keys = []
    for livemode, side in ports.signers.items():
        roles: tuple[tuple[Any, PublicKey], ...] = (
            ("registry", side.registry.public),
            ("receipt", side.receipt.public),
            ("status", side.status.public),
            ("log", log_signer().public if livemode else key(8000).public),
        )
        for role, public in roles:
            keys.append(
                TrustedKey(
                    key=public, role=role, livemode=livemode, not_before=ALWAYS[0], not_after=ALWAYS[1]
                )
            )
    return format_trust(
        Trust(
            issuers={livemode: side.issuer for livemode, side in ports.signers.items()},
            keys=tuple(keys),
            relying_parties=(TrustedOrigins(rp=ports.rp, not_before=ALWAYS[0], not_after=ALWAYS[1]),),
        )
    )


def wanted(world: World, organization: str, person: Person, *uses: str, **changes: Any) -> Any:
    """What to ask for: these uses of the usual terms, now."""
    from consent.evidence.bundle import Wanted

    reference = world.reference(organization, person)
    at = changes.pop("at", world.ports.clock()).replace(microsecond=0)
    return Wanted(
        livemode=world.livemode,
        organization=organization,
        performer=person.id,
        reference=reference,
        questions=tuple(
            question_of(organization, reference, use, **changes) for use in uses or ("train.voice",)
        ),
        at=at,
    )


def bundle(world: World, organization: str, person: Person, *uses: str, **changes: Any) -> bytes:
    """A bundle, made."""
    from consent.evidence.bundle import make_bundle

    return make_bundle(
        world.ports, wanted(world, organization, person, *uses, **changes), trust=trust_of(world.ports)
    )
