"""`/v1/keys`: API keys of the calling key's own side. A key gives away no more than it has."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial

from msgspec import UNSET, convert, to_builtins

from consent.api.body import sent
from consent.api.listing import list_rows
from consent.api.operation import Actor, Idempotency, operation
from consent.api.query import ListQuery, WaitQuery
from consent.api.view import ApiView, Call, Reply
from consent.core.instants import InstantError, parse_instant
from consent.core.wire.fields import Empty, Page
from consent.core.wire.keys import (
    ApiKey,
    CreatedApiKey,
    KeyChange,
    KeyRotation,
    NewApiKey,
    RevokedApiKey,
    StandingContext,
)
from consent.core.wire.problem import ApiError, fault
from consent.core.wire.times import milliseconds_or_none, seconds, seconds_or_none
from consent.registry import answers, models
from consent.registry.errors import NotFound, StateConflict
from consent.registry.key_limits import UNLIMITED, KeyLimitsWanted
from consent.registry.operations import api_keys


class KeysView(ApiView):
    """All keys of this side."""

    @operation(
        id="listKeys",
        summary="List API keys",
        tag="Keys",
        actor=Actor.ORGANIZATION,
        scope="keys",
        query=ListQuery,
        answer=Page[ApiKey],
        csv=True,
    )
    def get(self, call: Call) -> Reply:
        """Newest first; secrets are never shown again."""
        rows = models.ApiKey.objects.filter(
            organization_id=call.organization.organization, livemode=call.organization.livemode
        )
        return list_rows(rows, call, self.wiring, instant="created_at", show=_show_all)

    @operation(
        id="createKey",
        summary="Make an API key",
        tag="Keys",
        actor=Actor.ORGANIZATION,
        scope="keys",
        body=NewApiKey,
        idempotency=Idempotency.OPTIONAL,
        answer=CreatedApiKey,
        status=201,
        problems=("invalid",),
        description="The secret is in this answer and nowhere else. Scopes are among those of the calling key. "
        "A key made by a key with limits has no wider ones, and both count together.",
    )
    def post(self, call: Call) -> CreatedApiKey:
        """On the side of the calling key."""
        wanted: NewApiKey = call.body
        _require_held(call, wanted.scopes)
        created = api_keys.create_api_key(
            self.wiring.registry,
            livemode=call.organization.livemode,
            organization=call.organization.organization,
            name=wanted.name,
            scopes=wanted.scopes,
            context={} if wanted.context is UNSET else to_builtins(wanted.context),
            capabilities=() if wanted.capabilities is UNSET else wanted.capabilities,
            expires_at=None if wanted.expires_at is UNSET else _instant("/expires_at", wanted.expires_at),
            limits=_limits(wanted, UNLIMITED),
            made_by=call.organization.key,
        )
        return _show_created(created)


class KeyView(ApiView):
    """One key."""

    @operation(
        id="getKey",
        summary="Read an API key",
        tag="Keys",
        actor=Actor.ORGANIZATION,
        scope="keys",
        answer=ApiKey,
    )
    def get(self, call: Call, key: str) -> ApiKey:
        """Without its secret."""
        return _show_all([_own(call, key)])[0]

    @operation(
        id="changeKey",
        summary="Change how much may be asked with an API key",
        tag="Keys",
        actor=Actor.ORGANIZATION,
        scope="keys",
        body=KeyChange,
        answer=ApiKey,
        problems=("invalid", "state_conflict"),
        description="Answers when every check everywhere goes by the new limits. A key that has limits can only "
        "make a key's limits narrower.",
    )
    def patch(self, call: Call, key: str) -> ApiKey:
        """Limits only."""
        written = api_keys.set_key_limits(
            self.wiring.registry,
            livemode=call.organization.livemode,
            organization=call.organization.organization,
            key=key,
            change=partial(_limits, call.body),
            tighten_only=call.organization.limits is not None,
        )
        if written is not None:
            answers.enforced(written, self.wiring.registry)
        return _show_all([_own(call, key)])[0]


class RotateKeyView(ApiView):
    """Replace a key's secret."""

    @operation(
        id="rotateKey",
        summary="Replace an API key by a successor with the same powers",
        tag="Keys",
        actor=Actor.ORGANIZATION,
        scope="keys",
        body=KeyRotation,
        body_optional=True,
        idempotency=Idempotency.OPTIONAL,
        answer=CreatedApiKey,
        status=201,
        problems=("invalid", "state_conflict", "refused"),
        description="The successor has the same limits, and both count together.",
    )
    def post(self, call: Call, key: str) -> CreatedApiKey:
        """The old secret stops at once, or after `overlap_s`."""
        row, limits = _own(call, key), call.organization.limits
        _require_held(call, row.scopes)
        if limits is not None and (row.account or row.id) != limits.account:
            raise ApiError("refused", "a key with limits can replace only a key that it counts together with")
        created = api_keys.rotate_api_key(
            self.wiring.registry,
            livemode=call.organization.livemode,
            organization=call.organization.organization,
            key=key,
            **sent(call.body),
        )
        answers.enforced(created.written, self.wiring.registry)
        return _show_created(created)


class RevokeKeyView(ApiView):
    """Switch a key off."""

    @operation(
        id="revokeKey",
        summary="Switch an API key off for good",
        tag="Keys",
        actor=Actor.ORGANIZATION,
        stops=True,
        scope="keys",
        body=Empty,
        body_optional=True,
        query=WaitQuery,
        may_wait=True,
        idempotency=Idempotency.OPTIONAL,
        answer=RevokedApiKey,
        description="Answers when no check anywhere accepts the key any more; again answers the same.",
    )
    def post(self, call: Call, key: str) -> Reply:
        """Also a second time, after the same wait."""
        ports = self.wiring.registry
        try:
            written = api_keys.revoke_api_key(
                ports,
                livemode=call.organization.livemode,
                organization=call.organization.organization,
                key=key,
            )
        except StateConflict:
            event = _own(call, key).revoked_event
            if event is None:
                raise
            written = answers.seen(event, ports=ports)
        told = answers.enforced if call.query.wait == "enforced" else answers.enforced_by_now
        enforced_at = told(written, ports)
        shown = to_builtins(_show_all([_own(call, key)])[0])
        value = convert({**shown, "enforced_at": milliseconds_or_none(enforced_at)}, RevokedApiKey)
        return Reply(value=value, status=202 if enforced_at is None else None)


def _own(call: Call, key: str) -> models.ApiKey:
    row = models.ApiKey.objects.filter(
        id=key, organization_id=call.organization.organization, livemode=call.organization.livemode
    ).first()
    if row is None:
        raise NotFound("no such key")
    return row


def _require_held(call: Call, scopes: Iterable[str]) -> None:
    """A key makes no key that could do more than itself."""
    for place, scope in enumerate(scopes):
        if scope not in call.organization.scopes:
            missing = fault(f"/scopes/{place}", "scope", "a scope of the calling key", scope)
            raise ApiError("scope_missing", errors=[missing])


def _limits(wanted: NewApiKey | KeyChange, former: KeyLimitsWanted) -> KeyLimitsWanted:
    """What was sent; what was not stays as it was."""
    quota, rate = wanted.daily_quota, wanted.rate_per_s
    return KeyLimitsWanted(
        daily_quota=former.daily_quota if quota is UNSET else quota,
        rate_per_s=former.rate_per_s if rate is UNSET else rate,
    )


def _instant(pointer: str, text: str) -> datetime:
    try:
        return parse_instant(text)
    except InstantError as exc:
        raise ApiError("value_invalid", errors=[fault(pointer, "instant", "one that exists", text)]) from exc


def _show_created(created: api_keys.CreatedApiKey) -> CreatedApiKey:
    row = models.ApiKey.objects.get(id=created.id)
    return convert({**to_builtins(_show_all([row])[0]), "secret": created.secret}, CreatedApiKey)


def _show_all(rows: Sequence[models.ApiKey]) -> list[ApiKey]:
    return [
        ApiKey(
            id=row.id,
            livemode=row.livemode,
            name=row.name,
            hint=row.hint,
            scopes=row.scopes,
            context=convert(row.context, StandingContext),
            capabilities=row.capabilities,
            daily_quota=row.daily_quota,
            rate_per_s=row.rate_per_s,
            created_at=seconds(row.created_at),
            expires_at=seconds_or_none(row.expires_at),
            revoked_at=seconds_or_none(row.revoked_at),
        )
        for row in rows
    ]
