"""A recovery begins with a sheet's code or a mailed link. On the way to the new passkey it is named by their digest.

The way leads over two origins and takes minutes, in which sessions are stored: a name that is a digest opens
nothing for somebody who reads the database.
"""

from django.db import transaction
from django.db.models import QuerySet

from consent.registry.errors import RecoveryCodeSpent, StateConflict
from consent.registry.models import Credential, OneUseLink, RecoveryCode
from consent.registry.operations.enrol_passkey import MAX_PENDING
from consent.registry.operations.links import link_digest
from consent.registry.operations.recovery import Recovering
from consent.registry.ports import RegistryPorts
from consent.registry.recovery_code import code_digest

_SHEET, _LINK = "sheet", "link"


def name_recovery(ports: RegistryPorts, *, code: str | None = None, token: str | None = None) -> str | None:
    """The name of the recovery that a sheet's code or a link's token opens now, or None; uses nothing up."""
    if code is not None:
        digest = code_digest(code)
        name = "" if digest is None else f"{_SHEET}:{digest.hex()}"
    else:
        name = f"{_LINK}:{link_digest(token or '')}"
    return name if recovery_opens(ports, name=name) else None


def recovery_opens(ports: RegistryPorts, *, name: str) -> bool:
    """Whether it could still be begun."""
    return _open(ports, name).exists()


def begin_recovery(ports: RegistryPorts, *, name: str) -> Recovering:
    """Use the code or link up, and say whose it was.

    Raises:
        RecoveryCodeSpent: unknown, used, replaced or expired; which of these is not said.
        StateConflict: so many keys wait for a check already that no other fits; nothing was used up.
    """
    with transaction.atomic():
        rows = _open(ports, name)
        row = rows.select_for_update(no_key=True).first()
        if row is not None and row.performer_id is not None:
            waiting = Credential.objects.filter(performer_id=row.performer_id, state="pending").count()
            if waiting >= MAX_PENDING:
                raise StateConflict(
                    "too many keys wait for an identity check", expected=f"below {MAX_PENDING}"
                )
        if row is None or rows.update(used_at=ports.clock()) != 1:
            raise RecoveryCodeSpent("this recovery does not begin any more", pointer="/name")
    assert row.performer_id is not None and row.livemode is not None  # one_use_link_for_whom
    return Recovering(performer=row.performer_id, livemode=row.livemode)


def _open(ports: RegistryPorts, name: str) -> QuerySet[RecoveryCode] | QuerySet[OneUseLink]:
    kind, _, digest = name.partition(":")
    if kind == _SHEET:
        return RecoveryCode.objects.filter(digest=bytes.fromhex(digest), used_at=None, replaced_at=None)
    return OneUseLink.objects.filter(
        digest=digest, kind="recovery", performer__isnull=False, used_at=None, expires_at__gt=ports.clock()
    )
