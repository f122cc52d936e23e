"""`/v1/enrolments` and `/v1/me`: a performer's own account, reached with their own key."""

from datetime import date

from consent.api.operation import Actor, Idempotency, operation
from consent.api.proofs import proof_token, spend, verify_proof
from consent.api.v1.offers_to_me import offer_to
from consent.api.view import ApiView, Call
from consent.core.wire.grants import CurrentLimits
from consent.core.wire.offers import OfferForPerformer
from consent.core.wire.performers import Credential, Enrolment, IdentityStatus, Me, RedeemInvitation
from consent.core.wire.problem import ApiError, fault
from consent.core.wire.times import seconds, seconds_or_none
from consent.registry import models
from consent.registry.operations.enrol_performer import enrol_performer
from consent.registry.operations.invitations import redeem_invitation
from consent.registry.queries.performer import (
    credentials_of,
    current_limits,
    deciding_identity_check,
)
from signing.errors import MalformedError
from signing.public_key import PublicKey

_PROBLEMS = ("proof_invalid", "proof_replayed", "unauthenticated")


class EnrolmentsView(ApiView):
    """Become known."""

    @operation(
        id="enrol",
        summary="Enrol with a first key",
        tag="Performers' side",
        actor=Actor.NEWCOMER,
        body=Enrolment,
        answer=Me,
        status=201,
        problems=(*_PROBLEMS, "invalid", "credential_taken"),
        description="The proof is made with the key that the body names. The key can sign once an examiner "
        "has recorded the identity check.",
    )
    def post(self, call: Call) -> Me:
        """The legal name and the like are sealed, and nothing here shows them again."""
        wanted: Enrolment = call.body
        token = proof_token(call.request)
        try:
            key = PublicKey.from_jwk(wanted.public_key, pointer="/public_key")
        except MalformedError as exc:
            found = fault(exc.pointer, exc.rule, exc.expected or "an Ed25519 public key", exc.message)
            raise ApiError("value_invalid", errors=[found]) from exc
        proof = verify_proof(token, key=key, request=call.request, ports=self.wiring.registry)
        spend(proof, livemode=wanted.livemode)
        enrolled = enrol_performer(
            self.wiring.registry,
            livemode=wanted.livemode,
            public_key=key,
            kind="ed25519",
            legal_name=wanted.identity.legal_name,
            birth_date=_day(wanted.identity.birth_date),
            email=wanted.identity.email,
            stage_names=wanted.stage_names,
            label=wanted.label,
        )
        return _show(models.Performer.objects.get(id=enrolled.performer))


class MeView(ApiView):
    """One's own account."""

    @operation(
        id="getMe",
        summary="Read your account",
        tag="Performers' side",
        actor=Actor.PERFORMER,
        answer=Me,
    )
    def get(self, call: Call) -> Me:
        """Stage names, keys, and how the identity check stands."""
        return _show(models.Performer.objects.get(id=call.performer.performer))


class MyInvitationsView(ApiView):
    """Take up an invitation."""

    @operation(
        id="redeemInvitation",
        summary="Take up an invitation by its code",
        tag="Performers' side",
        actor=Actor.PERFORMER,
        body=RedeemInvitation,
        idempotency=Idempotency.OPTIONAL,
        answer=OfferForPerformer,
        status=201,
        problems=("invitation_spent", "state_conflict"),
    )
    def post(self, call: Call) -> OfferForPerformer:
        """The offer is then one's own; the same person may do it again."""
        redeemed = redeem_invitation(
            self.wiring.registry,
            livemode=call.performer.livemode,
            performer=call.performer.performer,
            code=call.body.code,
        )
        return offer_to(call.performer, redeemed.offer)


class MyLimitsView(ApiView):
    """One's own standing prohibitions."""

    @operation(
        id="getMyLimits",
        summary="Read your standing prohibitions",
        tag="Performers' side",
        actor=Actor.PERFORMER,
        answer=CurrentLimits,
        description="The next limits statement says `version` plus one and this digest.",
    )
    def get(self, call: Call) -> CurrentLimits:
        """The signed body as it was handed in."""
        limits = current_limits(self.wiring.registry, performer=call.performer.performer)
        return CurrentLimits(
            livemode=call.performer.livemode,
            version=limits.version,
            body_sha256=limits.body_sha256,
            body=None if limits.body is None else dict(limits.body),
        )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as exc:
        found = fault("/identity/birth_date", "date", "a day that exists, YYYY-MM-DD", "another")
        raise ApiError("value_invalid", errors=[found]) from exc


def _show(me: models.Performer) -> Me:
    check = deciding_identity_check(me.id)
    check = check if check is not None and check.over_18 else None
    names = models.StageName.objects.filter(performer=me).order_by("id").values_list("name", flat=True)
    return Me(
        livemode=me.livemode,
        stage_names=list(names),
        identity=IdentityStatus(
            state="waiting" if check is None else "verified",
            method=None if check is None else check.method,
            examiner=None if check is None else check.examiner,
            checked_at=None if check is None else seconds(check.checked_at),
        ),
        credentials=[
            Credential(
                id=key.id,
                thumbprint=key.thumbprint,
                kind=key.kind,
                state=key.state,
                label=key.label,
                introduced_by=key.introduced_by,
                usable_from=seconds_or_none(key.usable_from),
            )
            for key in credentials_of(me.id)
        ],
        limits_version=me.limits_version,
    )
