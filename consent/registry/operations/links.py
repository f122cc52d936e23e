"""Links that let one person in once: made by an operator, a colleague, or mailed to a performer who lost a key."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from consent.registry.errors import Invalid, LinkSpent, NotFound
from consent.registry.locks import lock_performer
from consent.registry.models import Member, OneUseLink, Operator, Performer
from consent.registry.models.link import KINDS
from consent.registry.ports import RegistryPorts
from signing.encoding import b64u, unb64u
from signing.errors import MalformedError

TOKEN_BYTES = 32  # 256 random bits; only their SHA-256 is stored
_CONTEXT = b"consent-registry/link/v1\x00"

LIVES = {
    "operator": timedelta(hours=1),
    "member": timedelta(days=7),
    "recovery": timedelta(minutes=30),
    "stop": timedelta(minutes=15),  # DESIGN §10
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkUsed:
    """Whom the link was for: one operator, one member, or one performer of one side."""

    kind: str
    operator: str | None
    member: str | None
    performer: UUID | None
    livemode: bool | None


def make_link(
    ports: RegistryPorts,
    *,
    kind: str,
    operator: str | None = None,
    member: str | None = None,
    performer: UUID | None = None,
    life: timedelta | None = None,
) -> str:
    """A token for one person, told once; it works until it is used or `life` (that of its kind) has passed.

    Raises:
        Invalid: an unknown kind, or a person that does not fit it.
        NotFound: no such operator, member or performer, or removed, or being erased.
    """
    if kind not in KINDS:
        raise Invalid(pointer="/kind", rule="known", expected=", ".join(KINDS), got=kind[:16])
    given = {"operator": operator, "member": member, "performer": performer}
    wanted = kind if kind in given else "performer"
    if [name for name, value in given.items() if value is not None] != [wanted]:
        raise Invalid(
            pointer=f"/{wanted}", rule="one_of", expected=f"a link of this kind is for one {wanted}"
        )
    livemode = _livemode_of_standing(operator=operator, member=member, performer=performer)
    token = b64u(ports.log.random(TOKEN_BYTES))
    now = ports.clock()
    with transaction.atomic():
        if performer is not None and livemode is not None:
            lock_performer(performer, livemode=livemode)  # nobody who is being erased gets another way in
        OneUseLink.objects.create(
            digest=link_digest(token),
            kind=kind,
            operator_id=operator,
            member_id=member,
            performer_id=performer,
            livemode=livemode,
            created_at=now,
            expires_at=now + (life or LIVES[kind]),
        )
    return token


def link_opens(ports: RegistryPorts, *, kind: str, token: str) -> bool:
    """Whether the link would work now. Looking uses nothing up: mail programs look before people do."""
    return _open_links(kind, token, at=ports.clock()).exists()


def read_link(ports: RegistryPorts, *, kind: str, token: str) -> LinkUsed | None:
    """Whom the link is for, while it works; None otherwise. Uses nothing up."""
    row = _open_links(kind, token, at=ports.clock()).first()
    return None if row is None else _used(row)


def use_link(ports: RegistryPorts, *, kind: str, token: str) -> LinkUsed:
    """Use a link up, and say whom it was for.

    Raises:
        LinkSpent: unknown, of another kind, used, expired, or for somebody who was removed.
    """
    now = ports.clock()
    with transaction.atomic():
        if _open_links(kind, token, at=now).update(used_at=now) != 1:
            raise LinkSpent("this link does not open anything any more", pointer="/token")
        row = OneUseLink.objects.get(digest=link_digest(token))
    return _used(row)


def _used(row: OneUseLink) -> LinkUsed:
    return LinkUsed(
        kind=row.kind,
        operator=row.operator_id,
        member=row.member_id,
        performer=row.performer_id,
        livemode=row.livemode,
    )


def _open_links(kind: str, token: str, *, at: datetime) -> QuerySet[OneUseLink]:
    standing = (
        Q(operator__in=Operator.objects.filter(removed_at=None))
        | Q(member__in=Member.objects.filter(removed_at=None))
        | Q(performer__isnull=False)
    )
    return OneUseLink.objects.filter(
        standing, digest=link_digest(token), kind=kind, used_at=None, expires_at__gt=at
    )


def link_digest(token: str) -> str:
    """The stored name of a token; of what cannot be one, a name that no link has."""
    try:
        secret = unb64u(token) if len(token) <= TOKEN_BYTES * 2 else b""
    except MalformedError:
        secret = b""
    return hashlib.sha256(_CONTEXT + secret).hexdigest() if len(secret) == TOKEN_BYTES else ""


def _livemode_of_standing(*, operator: str | None, member: str | None, performer: UUID | None) -> bool | None:
    if performer is not None:
        side = Performer.objects.filter(id=performer).values_list("livemode", flat=True).first()
        if side is None:
            raise NotFound("no such performer")
        return side
    rows = Operator.objects.filter(id=operator) if member is None else Member.objects.filter(id=member)
    if not rows.filter(removed_at=None).exists():
        raise NotFound("no such account")
    return None
