"""The trust file of a test's world."""

from typing import TYPE_CHECKING

from signing.trust import Trust, TrustedKey, TrustedOrigins

if TYPE_CHECKING:
    from tests.registry.world import World


def trust_of(world: "World") -> Trust:
    """Both sides' registry keys and the relying party, valid for ever."""
    from tests.registry.world import ALWAYS

    return Trust(
        issuers={side: each.issuer for side, each in world.ports.signers.items()},
        keys=tuple(
            TrustedKey(
                key=each.registry.public,
                role="registry",
                livemode=side,
                not_before=ALWAYS[0],
                not_after=ALWAYS[1],
            )
            for side, each in world.ports.signers.items()
        ),
        relying_parties=(TrustedOrigins(rp=world.ports.rp, not_before=ALWAYS[0], not_after=ALWAYS[1]),),
    )
