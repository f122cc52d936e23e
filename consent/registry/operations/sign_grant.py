"""The performer's yes. Only what their own key signed, byte for byte as prepared, becomes a grant."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from consent.core.exclusivity import Exclusive
from consent.core.instants import years_after
from consent.core.states import GrantState, activation_due, licensee_view
from consent.core.term_error import TermError
from consent.core.terms import GrantTerms, compile_grant
from consent.registry.acceptance import Acting, Done, accept
from consent.registry.activation import SUPERSEDABLE, supersede
from consent.registry.answers import StatementResult
from consent.registry.errors import (
    BodyMismatch,
    CredentialUnknown,
    ExclusivityConflict,
    IdentityMissing,
    IdentityStale,
    MethodNotAllowed,
    PreparationSpent,
    StateConflict,
    StatementInvalid,
)
from consent.registry.grant_seal import SealedParts, make_seal
from consent.registry.history import grant_event
from consent.registry.locks import lock_grants, lock_offer
from consent.registry.models import Grant, IdentityCheck, Offer, Performer, PreparedGrant
from consent.registry.models.grant import LIVING
from consent.registry.models.identity_check import ADULT_METHODS
from consent.registry.notices import notify
from consent.registry.operations.view_offer import require_viewed
from consent.registry.ports import RegistryPorts
from consent.registry.statements import Signed, require_may_loosen
from consent.registry.status_slots import take_slot
from consent.registry.stored_json import from_bytes, sha256, to_bytes

IDENTITY_LIFE_YEARS = 1  # law page §B.6: 12 months
ADULT_IDENTITY_LIFE = timedelta(days=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Signing:
    """What was compared before the transaction."""

    prepared: PreparedGrant
    terms: GrantTerms
    terms_bytes: bytes
    exclusive: Exclusive | None
    adult: bool
    unrepresented: bool


def sign_grant(ports: RegistryPorts, *, signed: Signed) -> StatementResult:
    """Turn a prepared body that the performer signed into a grant.

    It is active at once, unless it awaits a confirmation (adult terms, or work in person replaced).

    Raises:
        PreparationSpent: nothing was prepared under this id, or it was used or has expired.
        BodyMismatch: other bytes or another text than were prepared.
        CredentialUnknown, CredentialBlocked, CredentialWaiting: not a key that may sign this.
        MethodNotAllowed: adult terms without a passkey.
        IdentityMissing, IdentityStale: no adult, or not verified recently enough.
        StateConflict: the offer was withdrawn, or what is superseded does not stand.
        ExclusivityConflict: another licensee has this exclusively.
    """
    prepared = PreparedGrant.objects.filter(id=signed.submission.id).first()
    if prepared is None:
        # A repeat is answered by `accept`; anything else was never prepared or is used up.
        return accept(ports, signed, _nothing_prepared)
    signing = _compare(signed, prepared)
    return accept(ports, signed, lambda acting: _sign(acting, signing))


def _nothing_prepared(acting: Acting) -> Done:
    raise PreparationSpent("nothing is prepared under this id; prepare again", pointer="/body/id")


def _compare(signed: Signed, prepared: PreparedGrant) -> _Signing:
    """Everything that needs no lock: bytes, text, key, method, terms."""
    if prepared.credential_id != signed.credential.id:
        raise CredentialUnknown("prepared for another key", pointer="/body/credential")
    if bytes(prepared.body) != signed.verified.body_bytes:
        raise BodyMismatch("the signed bytes are not the prepared ones", pointer="/body", rule="exact")
    shown = signed.verified.performer.text_sha256
    if shown is not None and shown != sha256(bytes(prepared.text)):
        raise BodyMismatch("another text was shown", pointer="/signatures/0/text_sha256", rule="exact")
    body = signed.body
    terms = compile_grant(body)
    if terms.unknown:
        raise StatementInvalid(
            "terms that nobody here can read", pointer=f"/body{terms.unknown[0]}", rule="known"
        )
    adult = any(line.adult for line in terms.lines)
    if adult and signed.verified.performer.method != "webauthn":
        raise MethodNotAllowed("adult terms are signed with a passkey", pointer="/signatures/0/method")
    representation: Any = body["representation"]
    return _Signing(
        prepared=prepared,
        terms=terms,
        terms_bytes=to_bytes(terms.to_json()),
        exclusive=_exclusive(body["exclusive"]),
        adult=adult,
        unrepresented=body["replaces_in_person_work"] is True and representation["kind"] == "none",
    )


def _exclusive(document: Any) -> Exclusive | None:
    try:
        return Exclusive.from_body(document)
    except TermError as exc:
        raise StatementInvalid(str(exc), pointer=f"/body/exclusive{exc.pointer}", rule=exc.rule) from exc


def _sign(acting: Acting, signing: _Signing) -> Done:
    person, at = acting.person, acting.at
    prepared, body = signing.prepared, acting.signed.body
    require_may_loosen(acting.credential, at=at)
    offer = lock_offer(prepared.offer_id, livemode=person.livemode, performer=person.id)
    require_viewed(offer)
    used, _ = PreparedGrant.objects.filter(id=prepared.id, expires_at__gt=at).delete()
    if used != 1:
        raise PreparationSpent("the prepared body was used or has expired; prepare again", pointer="/body/id")
    check = _identity_check(person, adult=signing.adult, at=at)
    supersedes = _superseded(body["supersedes"], person, organization=offer.organization_id)
    _refuse_exclusive_conflict(person, signing.terms, organization=offer.organization_id, at=at)
    if Offer.objects.filter(id=offer.id, state="viewed").update(state="signed", closed_at=at) != 1:
        raise StateConflict("this offer is not before the performer")
    grant = _row(acting, signing, offer, check, supersedes)
    said = {**acting.said(), "credential": acting.credential.thumbprint, "state": "signed"}
    event = acting.tx.append(grant_event("grant.signed", grant, person, said, denies=False))
    notify("signed", livemode=person.livemode, performer=person.id, grant=grant.id, event=event)
    due = activation_due(
        adult=signing.adult,
        unrepresented=signing.unrepresented,
        signed_at=at,
        first_shown_at=grant.first_shown_at,
    )
    ending = None
    if due is not None and due <= at:
        grant.state, grant.activated_at = GrantState.ACTIVE.value, at
        acting.tx.append(grant_event("grant.active", grant, person, {"state": "active"}, denies=False))
        ending = supersede(acting.tx, grant, person, at=at)
    acting.keep(event, awaits=ending, text=bytes(prepared.text))
    grant.save(force_insert=True)
    return Done(
        event=event,
        awaits=ending,
        grant=grant,
        state=licensee_view(GrantState(grant.state)),
        active_from=due,
    )


def _row(
    acting: Acting, signing: _Signing, offer: Offer, check: IdentityCheck, supersedes: str | None
) -> Grant:
    """The grant, sealed; not yet stored."""
    ports, body, at = acting.ports, acting.signed.body, acting.at
    slot = take_slot(acting.person.livemode, ports.log.random)
    terms_sha256 = sha256(signing.terms_bytes)
    seal = make_seal(
        SealedParts(
            grant=acting.signed.submission.id,
            grant_sha256=acting.signed.submission.body_sha256,
            terms_sha256=terms_sha256,
            performer=str(body["performer"]),
            licensee=offer.organization_id,
            livemode=acting.person.livemode,
            status_list=slot.status_list,
            status_index=slot.status_index,
            signed_at=at,
        ),
        signers=ports.signers[acting.person.livemode],
    )
    assert offer.viewed_at is not None  # require_viewed
    return Grant(
        id=acting.signed.submission.id,
        livemode=acting.person.livemode,
        offer=offer,
        organization_id=offer.organization_id,
        performer=acting.person,
        reference=str(body["performer"]),
        performer_name=str(body["performer_name"]),
        credential=acting.credential,
        method=acting.signed.verified.performer.method,
        identity_check=check,
        over_18=check.over_18,
        adult=signing.adult,
        unrepresented=signing.unrepresented,
        state=GrantState.SIGNED.value,
        state_seq=0,
        terms=signing.terms_bytes,
        terms_sha256=terms_sha256,
        grant_sha256=acting.signed.submission.body_sha256,
        seal=seal,
        exclusive=None if signing.exclusive is None else to_bytes(body["exclusive"]),
        status_list=slot.status_list,
        status_index=slot.status_index,
        supersedes_id=supersedes,
        first_shown_at=offer.viewed_at,
        signed_at=at,
        state_at=at,
        valid_from=signing.terms.valid_from,
        valid_until=signing.terms.valid_until,
    )


def _identity_check(person: Performer, *, adult: bool, at: datetime) -> IdentityCheck:
    """The newest examination of a document, if it said 18 and is fresh."""
    check = (
        IdentityCheck.objects.filter(performer=person, method__in=ADULT_METHODS)
        .order_by("-checked_at", "-id")
        .first()
    )
    if check is None or not check.over_18:
        raise IdentityMissing("nobody recorded this performer as verified and 18 or older")
    fresh_until = years_after(check.checked_at, IDENTITY_LIFE_YEARS)
    if adult:
        fresh_until = check.checked_at + ADULT_IDENTITY_LIFE
    if at >= fresh_until:
        raise IdentityStale(
            "the identity check is too old", expected="within 90 days" if adult else "within 12 months"
        )
    return check


def _superseded(supersedes: Any, person: Performer, *, organization: str) -> str | None:
    """The grant of the same pair that this one replaces; StateConflict if it does not stand."""
    if supersedes is None:
        return None
    former = lock_grants([str(supersedes)], performer=person.id).get(str(supersedes))
    if former is None or former.organization_id != organization or former.state not in SUPERSEDABLE:
        raise StateConflict(
            "only a standing grant of the same parties is superseded", pointer="/body/supersedes"
        )
    return former.id


def _refuse_exclusive_conflict(
    person: Performer, terms: GrantTerms, *, organization: str, at: datetime
) -> None:
    """DECIDING 21: another licensee's exclusivity blocks signing, and is not named."""
    others = Grant.objects.filter(
        performer=person, state__in=LIVING, exclusive__isnull=False, valid_until__gt=at
    ).exclude(organization_id=organization)
    for stored in others.values_list("exclusive", flat=True):
        exclusive = Exclusive.from_body(from_bytes(stored or b"null"))
        if exclusive is not None and exclusive.conflicts_with(terms, at=at):
            raise ExclusivityConflict("an exclusive grant of the performer stands against this")
