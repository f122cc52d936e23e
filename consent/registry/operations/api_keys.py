"""API keys: made, changed, rotated, switched off. The secret is shown once; only its digest is kept."""

import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from consent.core.complete import StandingContext
from consent.core.ids import new_id
from consent.core.obligations import OBLIGATIONS
from consent.core.wire.errors import WireError
from consent.core.wire.keys import SCOPES
from consent.log.transaction import HistoryTransaction, history_transaction
from consent.registry.answers import Written, written
from consent.registry.errors import Invalid, NotFound, StateConflict
from consent.registry.history import by, organization_event
from consent.registry.key_limits import UNLIMITED, KeyLimitsWanted
from consent.registry.locks import lock_side
from consent.registry.models import ApiKey
from consent.registry.ports import RegistryPorts
from consent.registry.text import required
from signing.encoding import b64u

SECRET_BYTES = 32
HINT_CHARS = 13  # "crk_live_" and four more
MAX_OVERLAP_S = 7 * 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedApiKey:
    """A new key. `secret` is nowhere else from now on; it does not print."""

    id: str
    secret: str
    written: Written

    def __repr__(self) -> str:
        return f"CreatedApiKey({self.id})"


def secret_digest(secret: str) -> bytes:
    """SHA-256 of a secret; enough for 256 random bits."""
    return hashlib.sha256(secret.encode()).digest()


def create_api_key(
    ports: RegistryPorts,
    *,
    livemode: bool,
    organization: str,
    name: str,
    scopes: Collection[str],
    context: StandingContext | Mapping[str, Any] | None = None,
    capabilities: Collection[str] = (),
    expires_at: datetime | None = None,
    limits: KeyLimitsWanted = UNLIMITED,
    made_by: str | None = None,
    actor: str | None = None,
) -> CreatedApiKey:
    """Make a key of one side. `capabilities` are obligations the organization declares it can meet.

    `actor` is the account of the member who made it. `made_by` is the key that makes it: where that one has
    limits, the new one has no wider ones and counts on the same account, so that a limit cannot be multiplied.

    Raises:
        NotFound: the organization has no such side, or no such key `made_by`.
        Invalid: an unknown scope, capability or context, an expiry that has passed, or limits that are none.
    """
    standing = _context(context)
    _check(name, scopes, capabilities)
    limits.check()
    with history_transaction(livemode, ports.log) as tx:
        lock_side(organization, livemode=livemode)
        now = ports.clock()
        if expires_at is not None and expires_at <= now:
            raise Invalid(pointer="/expires_at", rule="future", expected="a later instant", got="a past one")
        maker = None if made_by is None else _lock_key(organization, made_by, livemode=livemode)
        account = None
        if maker is not None and limits_of(maker) != UNLIMITED:
            limits, account = limits.within(limits_of(maker)), maker.account or maker.id
        key, secret = _insert(
            ports,
            ApiKey(
                organization_id=organization,
                livemode=livemode,
                name=name,
                scopes=sorted(set(scopes)),
                context=standing.to_json(),
                capabilities=sorted(set(capabilities)),
                created_at=now,
                expires_at=expires_at,
                daily_quota=limits.daily_quota,
                rate_per_s=limits.rate_per_s,
                account=account,
            ),
        )
        event = _append_created(tx, key, actor)
    return CreatedApiKey(id=key.id, secret=secret, written=written(tx, event, denies=False, ports=ports))


def rotate_api_key(
    ports: RegistryPorts,
    *,
    livemode: bool,
    organization: str,
    key: str,
    overlap_s: int = 0,
    actor: str | None = None,
) -> CreatedApiKey:
    """Make a successor with the same powers; the old key stops at once or after `overlap_s` seconds.

    The result's `written` is what stops the old key: wait for it (`enforced`) where `overlap_s` is 0.

    Raises:
        NotFound: no such key.
        StateConflict: it was revoked or has expired.
        Invalid: an overlap beyond seven days.
    """
    if not 0 <= overlap_s <= MAX_OVERLAP_S:
        raise Invalid(
            pointer="/overlap_s", rule="range", expected=f"0 to {MAX_OVERLAP_S}", got=str(overlap_s)
        )
    with history_transaction(livemode, ports.log) as tx:
        old = _lock_key(organization, key, livemode=livemode)
        now = ports.clock()
        if old.revoked_at is not None or (old.expires_at is not None and old.expires_at <= now):
            raise StateConflict("this key is off already")
        new, secret = _insert(
            ports,
            ApiKey(
                organization_id=organization,
                livemode=livemode,
                name=old.name,
                scopes=old.scopes,
                context=old.context,
                capabilities=old.capabilities,
                created_at=now,
                expires_at=old.expires_at,
                daily_quota=old.daily_quota,
                rate_per_s=old.rate_per_s,
                account=old.account or old.id,  # a new secret begins no new day
            ),
        )
        _append_created(tx, new, actor)
        said = {"key": old.id, "successor": new.id, "overlap_s": overlap_s, **by(actor)}
        event = tx.append(organization_event("api_key.rotated", organization, said, denies=True))
        if overlap_s:
            ends = now + timedelta(seconds=overlap_s)
            ends = ends if old.expires_at is None else min(ends, old.expires_at)
            ApiKey.objects.filter(id=old.id, revoked_at=None).update(expires_at=ends)
        else:
            _switch_off(old.id, at=now, event=event)
    return CreatedApiKey(id=new.id, secret=secret, written=written(tx, event, denies=True, ports=ports))


def revoke_api_key(
    ports: RegistryPorts, *, livemode: bool, organization: str, key: str, actor: str | None = None
) -> Written:
    """Switch a key off for good; wait with `enforced` before saying so.

    Raises:
        NotFound: no such key.
        StateConflict: it was off already (its event stands in `ApiKey.revoked_event`).
    """
    with history_transaction(livemode, ports.log) as tx:
        row = _lock_key(organization, key, livemode=livemode)
        said = {"key": row.id, **by(actor)}
        event = tx.append(organization_event("api_key.revoked", organization, said, denies=True))
        if not _switch_off(row.id, at=ports.clock(), event=event):
            raise StateConflict("this key is off already")
    return written(tx, event, denies=True, ports=ports)


def set_key_context(
    ports: RegistryPorts,
    *,
    livemode: bool,
    organization: str,
    key: str,
    context: StandingContext | Mapping[str, Any],
    actor: str | None = None,
) -> Written | None:
    """Change what every question of a key means unless it says otherwise; None if it stood so already.

    A changed context can turn an allow into a deny: wait with `enforced` before saying that it counts.

    Raises:
        NotFound: no such key.
        StateConflict: it was revoked or has expired.
        Invalid: an unknown member or a malformed value.
    """
    standing = _context(context).to_json()
    with history_transaction(livemode, ports.log) as tx:
        row = _lock_key(organization, key, livemode=livemode)
        if row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= ports.clock()):
            raise StateConflict("this key is off already")
        if row.context == standing:
            tx.nothing_changed()
            return None
        ApiKey.objects.filter(id=row.id, revoked_at=None).update(context=standing)
        said = {"key": row.id, "context": standing, **by(actor)}
        event = tx.append(organization_event("api_key.context_set", organization, said, denies=True))
    return written(tx, event, denies=True, ports=ports)


def set_key_limits(
    ports: RegistryPorts,
    *,
    livemode: bool,
    organization: str,
    key: str,
    change: Callable[[KeyLimitsWanted], KeyLimitsWanted],
    tighten_only: bool = False,
    actor: str | None = None,
) -> Written | None:
    """Change how much may be asked with a key; None if it stood so already. `enforced` waits until nodes know.

    `change` makes the new limits of those that the key has.

    Raises:
        NotFound: no such key.
        StateConflict: it was revoked or has expired.
        Invalid: limits that are none; or wider ones than it has, with `tighten_only`.
    """
    with history_transaction(livemode, ports.log) as tx:
        row = _lock_key(organization, key, livemode=livemode)
        if row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= ports.clock()):
            raise StateConflict("this key is off already")
        former = limits_of(row)
        limits = change(former)
        limits.check()
        if tighten_only and limits.within(former) != limits:
            raise Invalid(pointer="", rule="narrower", expected=str(former), got=str(limits))
        if limits == former:
            tx.nothing_changed()
            return None
        ApiKey.objects.filter(id=row.id, revoked_at=None).update(**limits.to_json())
        said = {"key": row.id, **limits.to_json(), **by(actor)}
        event = tx.append(organization_event("api_key.limits_set", organization, said, denies=True))
    return written(tx, event, denies=True, ports=ports)


def limits_of(row: ApiKey) -> KeyLimitsWanted:
    """The limits that a key has."""
    return KeyLimitsWanted(daily_quota=row.daily_quota, rate_per_s=row.rate_per_s)


def _lock_key(organization: str, key: str, *, livemode: bool) -> ApiKey:
    lock_side(organization, livemode=livemode)
    row = ApiKey.objects.filter(id=key, organization_id=organization, livemode=livemode).first()
    if row is None:
        raise NotFound("no such key")
    return row


def _switch_off(key: str, *, at: datetime, event: str) -> bool:
    changed = ApiKey.objects.filter(id=key, revoked_at=None).update(revoked_at=at, revoked_event=event)
    return changed == 1


def _insert(ports: RegistryPorts, key: ApiKey) -> tuple[ApiKey, str]:
    secret = f"crk_{'live' if key.livemode else 'test'}_{b64u(ports.log.random(SECRET_BYTES))}"
    key.id = new_id("key", random=ports.log.random)
    key.hint = secret[:HINT_CHARS]
    key.digest = secret_digest(secret)
    key.save(force_insert=True)
    return key, secret


def _append_created(tx: HistoryTransaction, key: ApiKey, actor: str | None) -> str:
    said = {
        "key": key.id,
        "scopes": key.scopes,
        "context": key.context,
        "capabilities": key.capabilities,
        **{name: limit for name, limit in limits_of(key).to_json().items() if limit is not None},
        **by(actor),
    }
    return tx.append(organization_event("api_key.created", key.organization_id, said, denies=False))


def _context(context: StandingContext | Mapping[str, Any] | None) -> StandingContext:
    try:
        sent = context.to_json() if isinstance(context, StandingContext) else context or {}
        return StandingContext.from_json(sent)
    except WireError as exc:
        raise Invalid(
            pointer=f"/context{exc.pointer}", rule=exc.rule, expected=exc.expected, got=exc.got
        ) from exc


def _check(name: str, scopes: Collection[str], capabilities: Collection[str]) -> None:
    required(name, "/name", max_chars=100)
    if not scopes:
        raise Invalid(pointer="/scopes", rule="not_empty", expected="at least one", got="none")
    for pointer, sent, known in (
        ("/scopes", scopes, frozenset(SCOPES)),
        ("/capabilities", capabilities, OBLIGATIONS),
    ):
        for word in sent:
            if word not in known:
                raise Invalid(
                    pointer=pointer, rule="known", expected=", ".join(sorted(known)), got=str(word)[:64]
                )
