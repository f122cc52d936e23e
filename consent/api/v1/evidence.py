"""`/v1/evidence` and `/v1/me/evidence`: the past as a file that stands by itself."""

from datetime import datetime

from msgspec import UNSET, UnsetType

from consent.api.operation import Actor, operation
from consent.api.view import ApiView, Call, Reply
from consent.core.complete import StandingContext
from consent.core.wire.evidence import MAX_EVIDENCE_BYTES, NewEvidence, NewMyEvidence
from consent.core.wire.problem import ApiError, fault
from consent.core.wire.problem_kinds import QUESTION_CODES
from consent.evidence.bundle import Kept, Wanted, make_bundle
from consent.evidence.consents import consent_bundle
from consent.evidence.questions import completed
from consent.registry.errors import Invalid, NotFound
from consent.registry.known_performers import EXTERNAL, find_performer
from consent.registry.models import Grant, PairwiseReference
from consent.registry.queries.grants import grants_of_organization, grants_of_performer
from signing.errors import SigningError
from signing.instants import parse_instant

ZIP = "application/zip"
MAX_KEPT_BYTES = 1 << 20  # of one receipt and of its proof: batches of thousands of rows stay outside
_DESCRIPTION = (
    "A ZIP with the signed answer, the consents it rests on with their log proofs, a PDF, and the steps to verify all "
    "of it with standard tools; or `consent verify`. Creating and publishing are judged apart, each *then* (what the "
    "registry knew at that instant) and *now* (without consents that were voided since). It changes nothing: asking "
    "again makes another."
)


class EvidenceView(ApiView):
    """Of the organization's own consents."""

    @operation(
        id="makeEvidence",
        summary="Make an evidence bundle",
        tag="Grants",
        actor=Actor.ORGANIZATION,
        scope="grants",
        body=NewEvidence,
        max_bytes=MAX_EVIDENCE_BYTES,
        answer=bytes,
        media_types=(ZIP,),
        problems=(*QUESTION_CODES, "invalid", "not_found", "scope_missing"),
        description=_DESCRIPTION,
    )
    def post(self, call: Call) -> Reply:
        """What was consented to, to whom, for what."""
        caller, body, ports = call.organization, call.body, self.wiring.registry
        named = [name for name in ("performer", "external_id", "grant") if getattr(body, name) is not UNSET]
        if len(named) != 1:
            raise Invalid(pointer="", rule="one_selector", expected="one of performer, external_id and grant")
        if body.grant is not UNSET:
            own = grants_of_organization(caller.organization, livemode=caller.livemode)
            return self._of_grant(own.filter(id=body.grant).first(), call, caller.context)
        if body.questions is UNSET:
            raise Invalid(
                pointer="/questions", rule="required", expected="questions, or a grant to ask about"
            )
        name = body.performer if body.performer is not UNSET else EXTERNAL + body.external_id
        performer = find_performer(name, organization=caller.organization, livemode=caller.livemode)
        reference = PairwiseReference.objects.get(
            performer_id=performer, organization_id=caller.organization
        ).reference
        questions = completed(
            body.questions, {"performer": reference}, caller=caller.organization, context=caller.context
        )
        wanted = Wanted(
            livemode=caller.livemode,
            organization=caller.organization,
            performer=performer,
            reference=reference,
            questions=questions,
            at=_instant(body.at, default=ports.clock()),
            kept=self._kept(call),
        )
        return _reply(make_bundle(ports, wanted, trust=self.wiring.trust()))

    def _of_grant(self, grant: Grant | None, call: Call, context: StandingContext) -> Reply:
        kept = self._kept(call)
        return _reply(_made(self, grant, call, context, kept))

    def _kept(self, call: Call) -> list[Kept]:
        """The receipts of the caller's own decisions, with their proofs as far as the log is published."""
        caller, found = call.organization, []
        decisions = [] if call.body.decisions is UNSET else sorted(set(call.body.decisions))
        if decisions and "receipts" not in caller.scopes:
            raise ApiError("scope_missing", errors=[fault("", "scope", "receipts", "a key without it")])
        for each in decisions:
            receipt = self.wiring.checks.receipt(each, caller=caller).receipt
            try:
                proof = self.wiring.proofs.proof(each, caller=caller)
            except NotFound:
                proof = None
            if max(len(receipt), len(proof or b"")) > MAX_KEPT_BYTES:
                raise Invalid(
                    pointer="/decisions", rule="size", expected="receipts of at most 2^20 bytes", got=each
                )
            found.append(Kept(decision=each, receipt=receipt, proof=proof))
        return found


class MyEvidenceView(ApiView):
    """Of one of the performer's own consents; the same file as its licensee gets."""

    @operation(
        id="makeMyEvidence",
        summary="Make an evidence bundle of a consent of yours",
        tag="Performers' side",
        actor=Actor.PERFORMER,
        body=NewMyEvidence,
        max_bytes=MAX_EVIDENCE_BYTES,
        answer=bytes,
        media_types=(ZIP,),
        problems=(*QUESTION_CODES, "invalid", "not_found"),
        description=_DESCRIPTION,
    )
    def post(self, call: Call) -> Reply:
        """What you consented to."""
        me = call.performer
        own = grants_of_performer(me.performer).filter(livemode=me.livemode, id=call.body.grant)
        return _reply(_made(self, own.first(), call, StandingContext(), []))


def _made(
    view: ApiView, grant: Grant | None, call: Call, context: StandingContext, kept: list[Kept]
) -> bytes:
    """The bundle of one consent."""
    if grant is None:
        raise NotFound("no such grant")
    body, questions = call.body, None
    if body.questions is not UNSET:
        questions = completed(
            body.questions, {"grant": grant.id}, caller=grant.organization_id, context=context
        )
    ports = view.wiring.registry
    return consent_bundle(
        ports,
        grant,
        at=_instant(body.at, default=ports.clock()),
        trust=view.wiring.trust(),
        questions=questions,
        kept=kept,
    )


def _reply(bundle: bytes) -> Reply:
    return Reply(value=bundle, headers={"Content-Disposition": 'attachment; filename="evidence.zip"'})


def _instant(text: str | UnsetType, *, default: datetime) -> datetime:
    if isinstance(text, UnsetType):
        return default.replace(microsecond=0)
    try:
        return parse_instant(text, pointer="/at")
    except SigningError as exc:
        raise Invalid(pointer="/at", rule="instant", expected="YYYY-MM-DDTHH:MM:SSZ", got=text[:40]) from exc
