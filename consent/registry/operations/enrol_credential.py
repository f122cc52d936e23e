"""Recovery: a further key that waits for a new identity check, since no key of the performer vouches for it."""

from uuid import UUID

from django.db import transaction

from consent.core.ids import new_id
from consent.registry.locks import lock_performer
from consent.registry.operations.enrol_performer import check_key, insert_pending_credential
from consent.registry.ports import RegistryPorts
from consent.registry.text import required
from signing.keys import PublicKey


def enrol_credential(
    ports: RegistryPorts,
    *,
    livemode: bool,
    performer: UUID,
    public_key: PublicKey,
    kind: str,
    label: str,
    backup_eligible: bool | None = None,
) -> str:
    """Add a pending key; returns its id. It can do nothing until `record_identity_check` covers it.

    Raises:
        NotFound: no such performer on this side.
        Invalid: a key of another kind.
        CredentialTaken: the key is enrolled already.
    """
    check_key(public_key, kind=kind, backup_eligible=backup_eligible)
    required(label, "/label", max_chars=100)
    credential = new_id("cre", random=ports.log.random)
    with transaction.atomic(durable=True):
        lock_performer(performer, livemode=livemode)
        insert_pending_credential(
            credential,
            performer=performer,
            livemode=livemode,
            public_key=public_key,
            kind=kind,
            backup_eligible=backup_eligible,
            label=label,
            ports=ports,
        )
    return credential
