"""An examiner cannot vouch for somebody: the keys that waited for it go off, and they may enrol again."""

from collections.abc import Collection
from uuid import UUID

from consent.core.instants import format_instant
from consent.log.transaction import history_transaction
from consent.registry.answers import Written, written
from consent.registry.errors import Invalid, StateConflict
from consent.registry.history import by, performer_event
from consent.registry.locks import lock_performer
from consent.registry.models import Credential, IdentityCheck
from consent.registry.notices import notify
from consent.registry.operations.record_identity_check import check_examination
from consent.registry.ports import RegistryPorts


def refuse_identity(
    ports: RegistryPorts,
    *,
    livemode: bool,
    performer: UUID,
    credentials: Collection[str],
    examiner: str,
    method: str,
    evidence_sha256: str,
    actor: str | None = None,
) -> Written:
    """Record the check and switch `credentials` (`cre_…`) off, together. Wait with `enforced`.

    `actor` is the operator's account. Only keys that still wait can be refused: one that another examiner
    approved meanwhile stands.

    Raises:
        NotFound: no such performer on this side. Invalid: no key, no examiner, an unknown method, no digest.
        StateConflict: one of the keys does not wait any more; nothing was recorded.
    """
    check_examination(examiner=examiner, method=method, evidence_sha256=evidence_sha256, over_18=False)
    if not credentials:
        raise Invalid(pointer="/credentials", rule="not_empty", expected="at least one", got="none")
    with history_transaction(livemode, ports.log) as tx:
        person = lock_performer(performer, livemode=livemode)
        now = ports.clock()
        waiting = Credential.objects.select_for_update(no_key=True).filter(performer=person, state="pending")
        rows = list(waiting.filter(id__in=list(credentials)).order_by("id"))
        if len(rows) != len(set(credentials)):
            raise StateConflict(
                "one of these keys does not wait for a check any more", pointer="/credentials"
            )
        IdentityCheck.objects.create(
            performer=person,
            livemode=livemode,
            examiner=examiner,
            method=method,
            evidence_sha256=evidence_sha256,
            over_18=False,
            checked_at=now,
            recorded_at=now,
        )
        said = {
            "checked_at": format_instant(now),
            "evidence_sha256": evidence_sha256,
            "examiner": examiner,
            "method": method,
            "over_18": False,
            **by(actor),
        }
        event = tx.append(performer_event("identity.checked", person, said, denies=False))
        for row in rows:
            Credential.objects.filter(id=row.id, state="pending").update(state="blocked", blocked_at=now)
            off = {"credential": row.thumbprint, "authority": "operator", **by(actor)}
            event = tx.append(performer_event("credential.blocked", person, off, denies=True))
            notify("key_off", livemode=livemode, performer=performer, credential=row.thumbprint, event=event)
    return written(tx, event, denies=True, ports=ports)
