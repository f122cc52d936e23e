"""A process that lets notices become due in the registry of its environment, and prints their ids."""

import sys
from datetime import date


def main(count: int) -> None:
    """`count` people sign up and are examined; each is told by mail that they can go on."""
    from consent.server.commands.registry_here import open_registry

    ports = open_registry().registry
    from consent.log.models import Outbox
    from consent.registry.operations.enrol_performer import enrol_performer
    from consent.registry.operations.record_identity_check import record_identity_check
    from signing.keys import PrivateKey

    for number in range(count):
        enrolled = enrol_performer(
            ports,
            livemode=True,
            public_key=PrivateKey.generate().public,
            kind="ed25519",
            legal_name="Planted Legal Name",
            birth_date=date(1990, 1, 1),
            email=f"planted.person.{number}@post.internal",
            stage_names=["Somebody"],
            label="a key",
        )
        record_identity_check(
            ports,
            livemode=True,
            performer=enrolled.performer,
            examiner="Examiner Eins",
            method="document",
            evidence_sha256="ab" * 32,
            over_18=True,
        )
        print(Outbox.objects.get(performer_id=str(enrolled.performer)).id, flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
