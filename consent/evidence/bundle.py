"""Evidence bundles out of the history: the answer, everything that it rests on, and the registry's seal over all.

Whose bundle it is makes no difference to what stands in it: nothing that the licensee may not see, no other
organization, no legal name and no birth date, which no part of this can read.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from consent.core.asked import Asked
from consent.core.ids import new_id
from consent.core.past_verdicts import judge_again
from consent.core.resources import templates
from consent.evidence.course import follow, judge, subject_of
from consent.evidence.document import render
from consent.evidence.replay import ReplayError
from consent.evidence.story import happened_to, position_at
from consent.log.errors import (
    HistoryBrokenError,
    ObjectMissingError,
    RecordDestroyedError,
    StoreUnavailableError,
)
from consent.log.events import ERASED
from consent.log.families import EVIDENCE_MADE, side_label
from consent.log.models import Event
from consent.log.publishing.origins import folder_of, origin_of
from consent.log.publishing.standing import CHECKPOINT as CHECKPOINT_OBJECT
from consent.log.publishing.state import published_origin
from consent.registry.errors import Invalid, NotFound
from consent.registry.feed import projected
from consent.registry.models import Grant, Statement
from consent.registry.operations.read_package import logged_event, opened_statement, read_package
from consent.registry.ports import RegistryPorts
from consent.registry.queries.grants import wait_until_told
from signing.canonical import canonicalize
from signing.errors import SigningError
from signing.evidence_answer import Answer, Moment, format_answer
from signing.evidence_bundle import (
    ANSWER,
    CHECKPOINT,
    DOCUMENT,
    GUIDE,
    POLICY,
    TRUST,
    event_file,
    grant_file,
    proof_file,
    receipt_file,
    text_file,
    verify_bundle,
)
from signing.evidence_seal import SEAL, Seal, digests, sign_seal
from signing.evidence_zip import write_zip
from signing.logged_event import origin_policy, write_logged
from signing.package import VerifiedPackage, verify_package
from signing.trust import Trust, parse_trust

FORGOTTEN = (ERASED, "performer.erasing", "performer.erased", "performer.forgotten")
MAX_CONSENTS = 100  # of one pair: each is a package with its text, verified before the bundle leaves


class BundleBrokenError(Exception):
    """What was put together does not verify; it does not leave. Says which part, of nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A decision that the registry gave: its receipt, and its log proof where there is one already."""

    decision: str
    receipt: str
    proof: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Questions about one performer and one organization at one instant of the past.

    `reference` is the performer's at this organization. The questions name it, or one consent of the pair.
    """

    livemode: bool
    organization: str
    performer: UUID
    reference: str
    questions: Sequence[Asked]
    at: datetime
    kept: Sequence[Kept] = field(default=())


def make_bundle(ports: RegistryPorts, wanted: Wanted, *, trust: bytes) -> bytes:
    """The bundle: put together, sealed, and verified as anybody will. `trust` is the published trust file.

    Changes nothing. Waits until every stop that it tells of is enforced.

    Raises:
        Invalid: an instant that lies ahead, or more consents than a bundle holds.
        NotFound: the performer was forgotten.
        BundleBrokenError, HistoryBrokenError: what is stored does not verify.
        SealError, KeyStoreError, StoreUnavailableError: it cannot be read now.
    """
    now = ports.clock().replace(microsecond=0)
    if wanted.at > now:
        raise Invalid(
            "evidence is of the past", pointer="/at", rule="past", expected="an instant that is over"
        )
    _require_known(wanted)
    own = Grant.objects.filter(
        livemode=wanted.livemode, organization_id=wanted.organization, performer_id=wanted.performer
    )
    if own.count() > MAX_CONSENTS:
        raise Invalid(
            "too many consents", pointer="", rule="size", expected=f"at most {MAX_CONSENTS} between the two"
        )
    wait_until_told(list(own), ports)
    try:
        answer = _answer(ports, wanted, now)
        files = {**_enclosed(ports, answer), **_kept(wanted.kept)}
    except RecordDestroyedError as exc:
        raise NotFound("the performer was forgotten") from exc
    files |= _log_files(ports, trust, livemode=wanted.livemode)
    files[ANSWER] = format_answer(answer)
    published = parse_trust(trust)
    try:
        packages = _packages(files, answer, published)
    except SigningError as exc:
        raise BundleBrokenError(f"a consent does not verify: {exc}") from exc
    files[DOCUMENT] = render(answer, packages, proven=files.keys())
    files[GUIDE] = templates("evidence", GUIDE).read_bytes()
    seal = Seal(
        id=answer.id,
        issuer=answer.issuer,
        livemode=answer.livemode,
        issued_at=answer.issued_at,
        files=digests(files),
    )
    files[SEAL] = sign_seal(seal, signer=ports.signers[wanted.livemode].registry).encode()
    try:
        bundle = write_zip(files)
        _verify_as_anybody(bundle, published, at=now)
    except SigningError as exc:
        raise BundleBrokenError(f"bundle does not verify: {exc}") from exc
    ports.log.figures.add(EVIDENCE_MADE, (side_label(wanted.livemode),))
    return bundle


def _require_known(wanted: Wanted) -> None:
    """Of whoever was forgotten nothing is left to tell: a no would be as untrue as a yes.

    Raises:
        NotFound: the performer was, or is being.
    """
    forgotten = Event.objects.filter(
        livemode=wanted.livemode, performer_id=str(wanted.performer), kind__in=FORGOTTEN
    )
    if forgotten.exists():
        raise NotFound("the performer was forgotten")


def _verify_as_anybody(bundle: bytes, trust: Trust, *, at: datetime) -> None:
    found = verify_bundle(bundle, trust=trust, at=at, expected_organization=None, allow_test=True)
    judge_again(found.answer, {grant: each.statement.body for grant, each in found.packages.items()})


def _answer(ports: RegistryPorts, wanted: Wanted, now: datetime) -> Answer:
    seq = position_at(wanted.at.replace(microsecond=999_999), livemode=wanted.livemode)
    events = happened_to(ports, livemode=wanted.livemode, performers=[wanted.performer], up_to=1 << 62)
    try:
        course = follow(events, organization=wanted.organization, up_to=seq)
    except ReplayError as exc:
        raise HistoryBrokenError(str(exc)) from exc
    subject = subject_of(
        course, organization=wanted.organization, performer=wanted.reference, livemode=wanted.livemode
    )
    return Answer(
        id=new_id("evd", random=ports.log.random),
        issuer=ports.signers[wanted.livemode].issuer,
        livemode=wanted.livemode,
        issued_at=now,
        at=wanted.at,
        seq=seq,
        organization=wanted.organization,
        performer=wanted.reference,
        known=subject.known,
        prior_record=subject.prior_record,
        limits=projected(subject.limits, subject.grants),
        questions=tuple(judge(course, wanted.questions, at=wanted.at, livemode=wanted.livemode)),
        history=course.moments,
        decisions=tuple(sorted(each.decision for each in wanted.kept)),
    )


def _signed(answer: Answer) -> list[Moment]:
    return [each for each in answer.history if each.what == "signed"]


def _packages(files: Mapping[str, bytes], answer: Answer, trust: Trust) -> dict[str, VerifiedPackage]:
    return {
        each.grant: verify_package(
            files[grant_file(each.grant)], trust=trust, at=answer.issued_at, allow_test=True
        )
        for each in _signed(answer)
    }


def _enclosed(ports: RegistryPorts, answer: Answer) -> dict[str, bytes]:
    """The packages with the text that was shown, and the activations that the log already proves."""
    files = {}
    for signed in _signed(answer):
        files[grant_file(signed.grant)] = read_package(
            ports, livemode=answer.livemode, grant=signed.grant, organization=answer.organization
        )
        statement = Statement.objects.get(id=signed.grant)
        files[text_file(signed.grant)] = opened_statement(statement, ports)["text"].encode()
    for active in (each for each in answer.history if each.what == "active"):
        logged = logged_event(Event.objects.get(livemode=answer.livemode, seq=active.seq), ports)
        if logged is not None:
            files[event_file(active.grant)] = canonicalize(write_logged(logged))
    return files


def _kept(kept: Sequence[Kept]) -> dict[str, bytes]:
    files = {}
    for each in kept:
        files[receipt_file(each.decision)] = each.receipt.encode()
        if each.proof is not None:
            files[proof_file(each.decision)] = each.proof
    return files


def _log_files(ports: RegistryPorts, trust: bytes, *, livemode: bool) -> dict[str, bytes]:
    """The trust file, the log's policy, and the newest checkpoint where there is one."""
    origin = published_origin(ports.origin, livemode=livemode)
    named = origin or origin_of(ports.origin, livemode=livemode)
    policy = origin_policy(named, trust=parse_trust(trust), livemode=livemode)
    files = {TRUST: trust, POLICY: policy.format()}
    if origin is not None:
        # Each proof has its own; this one is for whoever looks on.
        with suppress(ObjectMissingError, StoreUnavailableError):
            files[CHECKPOINT] = ports.log.objects.get(folder_of(origin) + CHECKPOINT_OBJECT)
    return files
