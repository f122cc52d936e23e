"""Which notice an event means for the person it is about: one row of the outbox, in the event's transaction."""

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from consent.core.states import GrantEvent
from consent.log import outbox
from consent.registry.locks import lock_performer
from consent.registry.ports import RegistryPorts
from consent.registry.stored_json import from_bytes, to_bytes

INVITATION: Final = "invitation"
ERASED: Final = "erased"
LINK: Final = "link"
MEMBER: Final = "member"
KINDS: Final = (
    "ended",
    ERASED,
    "identity",
    INVITATION,
    "key_off",
    LINK,
    MEMBER,
    "new_key",
    "recovery",
    "request",
    "signed",
)
# What else ends a grant tells the performer nothing new: a term ran out, or they signed what replaces it.
ENDINGS: Final = frozenset({GrantEvent.RESCIND, GrantEvent.REVOKE, GrantEvent.VOID})


def notify(
    kind: str,
    *,
    livemode: bool,
    performer: UUID | None = None,
    grant: str | None = None,
    offer: str | None = None,
    invitation: str | None = None,
    credential: str | None = None,
    event: str | None = None,
) -> str:
    """Let a person be told, once the caller's transaction has committed; returns the notice's id.

    `credential` is a thumbprint; `event` the event that the notice tells of. Kinds that carry a secret
    have functions of their own.

    Raises:
        ValueError: no such kind. OutsideTransactionError: outside a transaction.
    """
    if kind not in KINDS or kind in (ERASED, INVITATION, LINK, MEMBER):
        raise ValueError(f"{kind!r} is not a kind of notice without a secret")
    return outbox.put(
        kind,
        livemode=livemode,
        performer_id=None if performer is None else str(performer),
        grant=grant,
        offer=offer,
        invitation=invitation,
        credential=credential,
        event_id=event,
    )


def send_invitation_mail(
    ports: RegistryPorts, *, livemode: bool, invitation: str, offer: str, code: str, event: str
) -> str:
    """Mail an invitation's code to the address that is sealed with it.

    The code is sealed under the invitation's own record. Once it was sent that record is destroyed, and
    with it the address of somebody who may never come.
    """
    return outbox.put(
        INVITATION,
        livemode=livemode,
        invitation=invitation,
        offer=offer,
        event_id=event,
        secret=(ports.log.sealer, invitation, code.encode()),
        random=ports.log.random,
    )


def send_link_mail(
    ports: RegistryPorts,
    *,
    livemode: bool,
    performer: UUID,
    expires_at: datetime,
    stop: str | None = None,
    recover: str | None = None,
) -> str:
    """Mail one-use addresses to a performer who has lost every key; nothing is mailed after `expires_at`.

    `stop` opens a session that can only end things, `recover` begins a recovery. Call it in the transaction
    that makes the links; it opens one where there is none.

    Raises:
        ValueError: no address, or one that does not lead to the registry.
        NotFound: the performer is being erased, and would be mailed after the last letter.
    """
    links = {name: link for name, link in (("recover", recover), ("stop", stop)) if link is not None}
    if not links or not all(link.startswith(f"{ports.origin}/") for link in links.values()):
        raise ValueError("a mailed link leads to the registry's own origin")
    with transaction.atomic():
        lock_performer(performer, livemode=livemode)
        return outbox.put(
            LINK,
            livemode=livemode,
            performer_id=str(performer),
            expires_at=expires_at,
            secret=(ports.log.sealer, "", to_bytes(links)),
            random=ports.log.random,
        )


def send_member_mail(
    ports: RegistryPorts, *, livemode: bool, member: str, link: str, expires_at: datetime
) -> str:
    """Mail a one-use address to somebody who is to act for an organization; nothing is mailed after `expires_at`.

    Call it in the transaction that makes the link; it opens one where there is none.

    Raises:
        ValueError: the address does not lead to the registry.
    """
    if not link.startswith(f"{ports.origin}/"):
        raise ValueError("a mailed link leads to the registry's own origin")
    with transaction.atomic():
        return outbox.put(
            MEMBER,
            livemode=livemode,
            expires_at=expires_at,
            secret=(ports.log.sealer, "", to_bytes({"link": link, "member": member})),
            random=ports.log.random,
        )


def send_erased_mail(
    ports: RegistryPorts,
    *,
    livemode: bool,
    email: str,
    erasure: str,
    record: str,
    event: str,
    expires_at: datetime,
) -> str:
    """The last letter to somebody who is erased. It carries the address, sealed under `record`.

    That key is destroyed once the letter has left, or at `expires_at`.
    """
    return outbox.put(
        ERASED,
        livemode=livemode,
        event_id=event,
        expires_at=expires_at,
        secret=(ports.log.sealer, record, to_bytes({"email": email, "erasure": erasure})),
        random=ports.log.random,
    )


def read_links(data: bytes) -> dict[str, str]:
    """What `send_link_mail`, `send_member_mail` or `send_erased_mail` sealed, by its names."""
    links: dict[str, str] = from_bytes(data)
    return links
