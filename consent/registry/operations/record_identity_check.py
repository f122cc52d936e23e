"""An examiner vouches for a performer; the registry introduces the keys that were waiting for it."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet

from consent.core.ids import new_id
from consent.core.instants import format_instant
from consent.log.transaction import HistoryTransaction, history_transaction
from consent.registry.answers import Written, written
from consent.registry.errors import Invalid, NotFound, StateConflict
from consent.registry.history import performer_event
from consent.registry.introduction import introduction_body
from consent.registry.locks import lock_performer
from consent.registry.models import Credential, IdentityCheck, Performer, Statement
from consent.registry.models.identity_check import ADULT_METHODS, METHODS
from consent.registry.notices import notify
from consent.registry.passkey_rows import made_in_recovery
from consent.registry.ports import RegistryPorts
from consent.registry.queries.identity import identity_of, is_adult
from consent.registry.statements import STATEMENT_PURPOSE
from consent.registry.stored_json import sha256, to_bytes
from consent.registry.text import required
from signing.purposes import INTRODUCTION

KEY_WAIT = timedelta(hours=72)  # DESIGN §10: later keys may only deny until then
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityRecorded:
    """The check's row, the thumbprints of the keys it introduced and of those it switched off, and the event."""

    check: int
    introduced: tuple[str, ...]
    switched_off: tuple[str, ...]
    written: Written


def record_identity_check(
    ports: RegistryPorts,
    *,
    livemode: bool,
    performer: UUID,
    examiner: str,
    method: str,
    evidence_sha256: str,
    over_18: bool,
    checked_at: datetime | None = None,
    credentials: Collection[str] | None = None,
    actor: str | None = None,
) -> IdentityRecorded:
    """Record who examined the performer and what they found; never an image.

    Keys that were pending become active, introduced by the registry: at once with the first check. With
    a later one that is a recovery: they wait 72 hours, and every other key of the performer goes off.
    `credentials` (`cre_…`) are the keys that the person showed to be theirs, all pending ones if None, but
    with the first check none that came by a sheet or a mailed link; with a recovery the rest goes off, so
    that nobody else's key comes in with it. A check that does not say 18
    introduces no key. `actor` is the operator's account. Wait with `enforced`: a recovery switches keys off.

    Raises:
        NotFound: no such performer on this side.
        Invalid: no examiner, an unknown method, no digest, an adult without a document, a later instant, or
            an adult who by their own birth date is none.
        StateConflict: one of `credentials` does not wait any more.
    """
    check_examination(examiner=examiner, method=method, evidence_sha256=evidence_sha256, over_18=over_18)
    if over_18:
        _require_adult(ports, performer=performer, livemode=livemode)
    with history_transaction(livemode, ports.log) as tx:
        person = lock_performer(performer, livemode=livemode)
        now = ports.clock()
        if checked_at is not None and checked_at > now:
            raise Invalid(pointer="/checked_at", rule="past", expected="a past instant", got="a later one")
        first = not IdentityCheck.objects.filter(performer=person, over_18=True).exists()
        check = IdentityCheck.objects.create(
            performer=person,
            livemode=livemode,
            examiner=examiner,
            method=method,
            evidence_sha256=evidence_sha256,
            over_18=over_18,
            checked_at=checked_at or now,
            recorded_at=now,
        )
        said = {
            "checked_at": format_instant(check.checked_at),
            "evidence_sha256": evidence_sha256,
            "examiner": examiner,
            "method": method,
            "over_18": over_18,
            **({} if actor is None else {"actor": actor}),
        }
        event = tx.append(performer_event("identity.checked", person, said, denies=False))
        pending = _covered(person, credentials, first=first) if over_18 else []
        former = None
        switched_off: dict[str, str] = {}
        if pending and not first:
            former = _newest_key(person)
            switched_off = _switch_others_off(tx, person, pending, at=now)
        introduced = [
            _introduce(
                tx,
                ports,
                person=person,
                credential=row,
                check=check,
                at=now,
                former=former,
                very_first=first and place == 0,
            )
            for place, row in enumerate(pending)
        ]
        if over_18 and not switched_off:
            notify("identity", livemode=livemode, performer=performer, event=event)
    return IdentityRecorded(
        check=check.pk,
        introduced=tuple(introduced),
        switched_off=tuple(switched_off),
        written=written(
            tx, next(reversed(switched_off.values()), event), denies=bool(switched_off), ports=ports
        ),
    )


def _require_adult(ports: RegistryPorts, *, performer: UUID, livemode: bool) -> None:
    """No examiner's word makes somebody an adult whose own word says that they are none."""
    if not Performer.objects.filter(id=performer, livemode=livemode).exists():
        raise NotFound("no such performer on this side")
    born = identity_of(ports, performer=performer).birth_date
    if not is_adult(born, on=ports.clock().date()):
        raise Invalid(
            "by their birth date this person is not 18 yet",
            pointer="/over_18",
            rule="adult",
            expected="a person of 18 or older",
        )


def _covered(person: Performer, credentials: Collection[str] | None, *, first: bool) -> list[Credential]:
    """The pending keys that the check is about."""
    pending = list(_pending(person))
    if credentials is None:
        left_out = made_in_recovery([person.id]) if first else frozenset()
        return [row for row in pending if row.id not in left_out]
    if not set(credentials) <= {row.id for row in pending}:
        raise StateConflict("one of these keys does not wait for a check any more", pointer="/credentials")
    return [row for row in pending if row.id in credentials]


def _pending(person: Performer) -> QuerySet[Credential]:
    return (
        Credential.objects.select_for_update(no_key=True)
        .filter(performer=person, state="pending")
        .order_by("id")
    )


def _newest_key(person: Performer) -> str | None:
    """The last key that was introduced before, off or not: where the chain of a recovery joins on."""
    introduced = Statement.objects.filter(performer=person, kind="credential").order_by("-received_at", "-id")
    for statement in introduced:
        key = Credential.objects.filter(performer=person, statement=statement.id).first()
        if key is not None:
            return key.thumbprint
    return None


def _switch_others_off(
    tx: HistoryTransaction, person: Performer, kept: Collection[Credential], *, at: datetime
) -> dict[str, str]:
    """A recovery ends every key but those it is about; the thumbprints with their events, which deny."""
    events = {}
    others = Credential.objects.filter(performer=person, state__in=("active", "pending")).exclude(
        id__in=[row.id for row in kept]
    )
    for thumbprint in list(others.order_by("id").values_list("thumbprint", flat=True)):
        Credential.objects.filter(thumbprint=thumbprint).update(state="blocked", blocked_at=at)
        said = {"credential": thumbprint, "authority": "operator"}
        event = tx.append(performer_event("credential.blocked", person, said, denies=True))
        notify("key_off", livemode=person.livemode, performer=person.id, credential=thumbprint, event=event)
        events[thumbprint] = event
    return events


def _introduce(
    tx: HistoryTransaction,
    ports: RegistryPorts,
    *,
    person: Performer,
    credential: Credential,
    check: IdentityCheck,
    at: datetime,
    former: str | None,
    very_first: bool,
) -> str:
    """Make one pending key active by a credential statement that the registry signs."""
    body = introduction_body(
        statement=new_id("stm", random=ports.log.random),
        credential=credential,
        examiner=check.examiner,
        evidence_sha256=check.evidence_sha256,
        recorded_at=at,
        nonce=ports.log.random(32),
        replaces=former,
    )
    jws = ports.signers[person.livemode].registry.sign_jws(typ=INTRODUCTION, payload=body)
    digest = sha256(to_bytes(body))
    usable_from = at if former is None else at + KEY_WAIT
    said = {
        "credential": credential.thumbprint,
        "introduced_by": "registry",
        "body_sha256": digest,
        "usable_from": format_instant(usable_from),
    }
    event = tx.append(performer_event("credential.introduced", person, said, denies=False))
    if not very_first:
        notify(
            "new_key",
            livemode=person.livemode,
            performer=person.id,
            credential=credential.thumbprint,
            event=event,
        )
    sealed = ports.log.sealer.seal(
        person.record, to_bytes({"introduction": jws}), purpose=STATEMENT_PURPOSE + body["id"]
    )
    Statement.objects.create(
        id=body["id"],
        livemode=person.livemode,
        kind="credential",
        authority="registry",
        performer=person,
        credential=credential,
        body_sha256=digest,
        nonce=body["nonce"],
        record=person.record,
        sealed=sealed,
        event=event,
        received_at=at,
    )
    Credential.objects.filter(id=credential.id, state="pending").update(
        state="active", introduced_by="registry", statement=body["id"], usable_from=usable_from
    )
    return credential.thumbprint


def check_examination(*, examiner: str, method: str, evidence_sha256: str, over_18: bool) -> None:
    """What every check says must be there; Invalid otherwise."""
    required(examiner, "/examiner", max_chars=200)
    if method not in METHODS:
        raise Invalid(pointer="/method", rule="known", expected=", ".join(METHODS), got=method[:32])
    if over_18 and method not in ADULT_METHODS:
        raise Invalid(
            pointer="/method", rule="adult_by_document", expected=", ".join(ADULT_METHODS), got=method
        )
    if not _SHA256.fullmatch(evidence_sha256):
        raise Invalid(
            pointer="/evidence_sha256", rule="sha256", expected="SHA-256 in lower-case hex", got="other text"
        )
