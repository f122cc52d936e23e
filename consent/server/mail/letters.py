"""From a row of the outbox to its letter: whatever is told is read now, by the ids in the row.

Subjects are neutral: no company, use, name or kind of work stands in them, because they are seen over
shoulders and on locked screens. The body is the person's own.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext as _

from consent.log.models import Enforcement, Outbox
from consent.log.outbox import open_secret
from consent.registry.models import (
    Credential,
    Grant,
    GrantEnding,
    IdentityRecord,
    Invitation,
    Member,
    Offer,
    Statement,
)
from consent.registry.notices import read_links
from consent.registry.operations.enrol_performer import IDENTITY_PURPOSE
from consent.registry.operations.members import PURPOSE as MEMBER_PURPOSE
from consent.registry.operations.read_package import PackageBrokenError, opened_statement, read_package
from consent.registry.operations.send_offer import EMAIL_PURPOSE
from consent.registry.ports import RegistryPorts
from consent.registry.stored_json import from_bytes
from consent.server.mail.letter import Attachment, Letter, NotNeededError

_OPEN_OFFERS = ("offered", "viewed")


def letter(row: Outbox, ports: RegistryPorts) -> Letter:
    """The letter that a row means.

    Raises:
        NotNeededError: it would tell what is no longer so. KeyStoreError: what it needs was erased.
    """
    return _LETTERS[row.kind](row, ports)


def _invitation(row: Outbox, ports: RegistryPorts) -> Letter:
    found = Invitation.objects.select_related("organization").get(id=row.invitation)
    if found.revoked_at or found.redeemed_at or found.expires_at <= ports.clock():
        raise NotNeededError("InvitationOver")
    assert found.record is not None and found.sealed_email is not None  # written for one with an address
    email = ports.log.sealer.open(found.record, bytes(found.sealed_email), purpose=EMAIL_PURPOSE)
    code = open_secret(row, ports.log.sealer).decode()
    return Letter(
        to=email.decode(),
        subject=_("You have an invitation"),
        values={
            "company": found.organization.legal_name,
            "expires_at": found.expires_at,
            "link": f"{ports.origin}/i/{code}",
        },
    )


def _signed(row: Outbox, ports: RegistryPorts) -> Letter:
    grant = Grant.objects.select_related("organization").get(id=row.grant)
    text = opened_statement(Statement.objects.get(id=grant.id), ports).get("text")
    attachments = []
    if text:
        attachments.append(
            Attachment(name="what-you-signed.md", media_type="text/markdown", data=text.encode())
        )
    try:
        package = read_package(ports, livemode=grant.livemode, grant=grant.id, performer=grant.performer_id)
    except PackageBrokenError:
        pass  # the relay says so in the log at each turn; the text goes out all the same
    else:
        attachments.append(Attachment(name="proof.grant.json", media_type="application/json", data=package))
    return Letter(
        to=_email(row, ports),
        subject=_("Your signed copy"),
        values={
            **_about_grant(grant, ports),
            "waits": grant.state == "signed",
            "end_link": f"{ports.origin}/consents/{grant.id}/end",
            "files": [each.name for each in attachments],
        },
        attachments=tuple(attachments),
    )


def _ended(row: Outbox, ports: RegistryPorts) -> Letter:
    grant = Grant.objects.select_related("organization").get(id=row.grant)
    ending = GrantEnding.objects.get(event=row.event_id)
    # Nobody is told before it holds everywhere; the delivery has waited for that.
    enforced_at = Enforcement.objects.values_list("enforced_at", flat=True).get(event_id=row.event_id)
    return Letter(
        to=_email(row, ports),
        subject=_("Something you signed has ended"),
        values={
            **_about_grant(grant, ports),
            "by": ending.authority,
            "outcome": ending.outcome,
            "enforced_at": enforced_at,
        },
    )


def _new_key(row: Outbox, ports: RegistryPorts) -> Letter:
    key = Credential.objects.get(thumbprint=row.credential)
    waits = key.usable_from is not None and key.usable_from > ports.clock()
    return Letter(
        to=_email(row, ports),
        subject=_("A key was added to your account"),
        values={
            **_about_key(key, ports),
            "recovered": key.introduced_by == "registry" and waits,
            "usable_from": key.usable_from if waits else None,
        },
    )


def _recovery(row: Outbox, ports: RegistryPorts) -> Letter:
    key = Credential.objects.get(thumbprint=row.credential)
    if key.state != "pending":
        raise NotNeededError("RecoveryDecided")  # whichever way, there is a notice of that
    return Letter(
        to=_email(row, ports),
        subject=_("A new key waits in your account"),
        values=_about_key(key, ports),
    )


def _key_off(row: Outbox, ports: RegistryPorts) -> Letter:
    key = Credential.objects.get(thumbprint=row.credential)
    return Letter(
        to=_email(row, ports),
        subject=_("A key of your account was switched off"),
        values=_about_key(key, ports),
    )


def _request(row: Outbox, ports: RegistryPorts) -> Letter:
    offer = Offer.objects.select_related("organization").get(id=row.offer)
    if offer.state not in _OPEN_OFFERS:
        raise NotNeededError("OfferClosed")
    return Letter(
        to=_email(row, ports),
        subject=_("A request is waiting for you"),
        values={"company": offer.organization.legal_name, "link": f"{ports.origin}/requests/{offer.id}"},
    )


def _identity(row: Outbox, ports: RegistryPorts) -> Letter:
    return Letter(
        to=_email(row, ports),
        subject=_("You can go on now"),
        values={"link": f"{ports.origin}/home"},
    )


def _link(row: Outbox, ports: RegistryPorts) -> Letter:
    links = read_links(open_secret(row, ports.log.sealer))
    return Letter(
        to=_email(row, ports),
        subject=_("The link you asked for"),
        values={
            "stop": links.get("stop"),
            "recover": links.get("recover"),
            "expires_at": row.expires_at,
        },
    )


def _member(row: Outbox, ports: RegistryPorts) -> Letter:
    told = read_links(open_secret(row, ports.log.sealer))
    found = Member.objects.select_related("organization").get(id=told["member"])
    if found.removed_at is not None:
        raise NotNeededError("MemberRemoved")
    email = ports.log.sealer.open(found.record, bytes(found.sealed), purpose=MEMBER_PURPOSE)
    return Letter(
        to=email.decode(),
        subject=_("Your link to come in"),
        values={
            "company": found.organization.legal_name,
            "link": told["link"],
            "expires_at": row.expires_at,
        },
    )


def _erased(row: Outbox, ports: RegistryPorts) -> Letter:
    told = read_links(open_secret(row, ports.log.sealer))
    return Letter(
        to=told["email"],
        subject=_("Your account is deleted"),
        values={"link": f"{ports.origin}/erased/{told['erasure']}"},
    )


_LETTERS: Final[Mapping[str, Callable[[Outbox, RegistryPorts], Letter]]] = {
    "ended": _ended,
    "erased": _erased,
    "identity": _identity,
    "invitation": _invitation,
    "key_off": _key_off,
    "link": _link,
    "member": _member,
    "new_key": _new_key,
    "recovery": _recovery,
    "request": _request,
    "signed": _signed,
}


def _email(row: Outbox, ports: RegistryPorts) -> str:
    """The performer's address, from their sealed identity record; it is kept nowhere else."""
    record = IdentityRecord.objects.get(performer_id=UUID(row.performer_id or ""))
    opened = from_bytes(ports.log.sealer.open(record.record, bytes(record.sealed), purpose=IDENTITY_PURPOSE))
    return str(opened["email"])


def _about_grant(grant: Grant, ports: RegistryPorts) -> dict[str, Any]:
    return {
        "company": grant.organization.legal_name,
        "signed_at": grant.signed_at,
        "link": f"{ports.origin}/consents/{grant.id}",
    }


def _about_key(key: Credential, ports: RegistryPorts) -> dict[str, Any]:
    return {
        "label": key.label,
        "passkey": key.kind == "passkey",
        "keys_link": f"{ports.origin}/keys",
        "lost_link": f"{ports.origin}/lost-key",
    }
