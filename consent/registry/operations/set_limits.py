"""A performer's standing prohibitions: each version follows the one before, and tightening needs no waiting."""

from collections.abc import Mapping
from typing import Any

from consent.core.terms import compile_limits
from consent.registry.acceptance import Acting, Done, accept
from consent.registry.answers import StatementResult
from consent.registry.errors import LimitsVersionConflict, StatementInvalid
from consent.registry.history import performer_event
from consent.registry.models import Limits, Performer
from consent.registry.ports import RegistryPorts
from consent.registry.statements import Signed, require_may_deny, require_may_loosen
from consent.registry.stored_json import from_bytes, to_bytes


def set_limits(ports: RegistryPorts, *, signed: Signed) -> StatementResult:
    """Replace the performer's limits by the next version. Wait with `answer_enforced`.

    A version that drops or changes any prohibition of the one before is a loosening.

    Raises:
        CredentialBlocked: the key is off. CredentialWaiting: a loosening with a key younger than 72 hours.
        LimitsVersionConflict: not the next version, or the digest is not of the last one.
        StatementInvalid: a prohibition that nobody here can read.
    """
    return accept(ports, signed, _set)


def _set(acting: Acting) -> Done:
    body, person = acting.signed.body, acting.person
    require_may_deny(acting.credential)
    terms = compile_limits(body)
    if terms.unknown:
        raise StatementInvalid("a prohibition that nobody here can read", pointer="/body/never", rule="known")
    last = Limits.objects.filter(performer=person, version=person.limits_version).first()
    version, previous = person.limits_version + 1, None if last is None else last.body_sha256
    if body["version"] != version or body["previous_sha256"] != previous:
        raise LimitsVersionConflict(
            "limits follow the last version",
            pointer="/body/version",
            expected=str(version),
            got=str(body["version"]),
        )
    if last is not None and _loosens(from_bytes(last.terms), terms.to_json()):
        require_may_loosen(acting.credential, at=acting.at)
    said = {**acting.said(), "version": version}
    event = acting.tx.append(performer_event("limits.changed", person, said, denies=True))
    statement = acting.keep(event, awaits=event)
    Limits.objects.create(
        performer=person,
        livemode=person.livemode,
        version=version,
        statement=statement,
        body_sha256=acting.signed.submission.body_sha256,
        terms=to_bytes(terms.to_json()),
        set_at=acting.at,
    )
    changed = Performer.objects.filter(id=person.id, limits_version=version - 1).update(
        limits_version=version
    )
    if changed != 1:
        raise LimitsVersionConflict("limits were changed meanwhile", pointer="/body/version")
    return Done(event=event, awaits=event)


def _loosens(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether a prohibition of `before` stands no more, word for word."""
    kept = {to_bytes(each) for each in after.get("never", ())}
    return any(to_bytes(each) not in kept for each in before.get("never", ()))
