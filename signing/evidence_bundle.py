"""Evidence bundles: the answer about the past with everything that it rests on, verified offline (SPEC §17).

What this proves by signatures and the log: that the performer's own key signed each consent, that the registry recorded
it when it says, that each activation stands in the log, and what was answered at the time. What stays the registry's
word: that no pause and no ending is left out, which of the performer's own limits stood, and that the performer was
known. Whether the verdicts follow from all this, `consent.core.past_verdicts` judges.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from signing.canonical import parse_statement
from signing.errors import MalformedError, SignatureError, UntrustedError
from signing.evidence_answer import Answer, Moment, parse_answer
from signing.evidence_seal import SEAL, verify_seal
from signing.evidence_zip import read_zip
from signing.instants import format_instant
from signing.logged_event import VerifiedEvent, read_logged, verify_logged
from signing.package import VerifiedPackage, verify_package
from signing.receipt import Receipt, verify_receipt
from signing.receipt_proof import ProvenReceipt, verify_receipt_proof
from signing.tlog_policy import Policy
from signing.trust import Trust

ANSWER, DOCUMENT, GUIDE, POLICY, TRUST = "answer.json", "evidence.pdf", "VERIFY.md", "policy", "trust.json"
CHECKPOINT = "checkpoint"
ALWAYS = frozenset({ANSWER, DOCUMENT, GUIDE, POLICY, SEAL, TRUST})
ACTIVE = "grant.active"  # the kind of the event with which a grant begins to count
MAX_EVENT_BYTES = 1 << 18
CLOCK_SKEW = timedelta(seconds=60)  # as for packages


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedBundle:
    """A bundle that holds. `fingerprint` is the SHA-256 of `answer.json`, which the PDF prints.

    `activations` are by grant, as far as the log proved them when the bundle was made; `receipts` by decision.
    """

    answer: Answer
    fingerprint: str
    packages: Mapping[str, VerifiedPackage]
    activations: Mapping[str, VerifiedEvent]
    receipts: Mapping[str, Receipt]
    proofs: Mapping[str, ProvenReceipt]
    files: int


def grant_file(grant: str) -> str:
    """Where a bundle keeps a grant package."""
    return f"grants/{grant}.grant.json"


def text_file(grant: str) -> str:
    """Where it keeps the exact text that the performer was shown."""
    return f"grants/{grant}.md"


def event_file(grant: str) -> str:
    """Where it keeps the event of the grant's activation."""
    return f"events/{grant}.active.json"


def receipt_file(decision: str) -> str:
    """Where it keeps a receipt."""
    return f"receipts/{decision}.receipt"


def proof_file(decision: str) -> str:
    """Where it keeps a receipt's log proof."""
    return f"receipts/{decision}.proof.json"


def verify_bundle(
    data: bytes,
    *,
    trust: Trust,
    at: datetime,
    expected_organization: str | None,
    allow_test: bool = False,
    policy: Policy | None = None,
) -> VerifiedBundle:
    """Verify a bundle with nothing but a trust file; its own copy of that file counts for nothing.

    With `policy` every consent, activation and decision must stand in a log that fulfils it. `expected_organization` is
    whose consents it must be about; None, to be typed out, takes any.

    Raises:
        MalformedError: not a bundle, or a part is not in its form or place.
        SignatureError: a signature does not hold, or a file is not the sealed one.
        UntrustedError: a part that the trust file or the policy does not bear out, parts that contradict each other,
            made later than `at`, about another organization, or of the test side without `allow_test`.
    """
    files = read_zip(data)
    seal = verify_seal(files, trust=trust, allow_test=allow_test)
    if missing := sorted(ALWAYS - files.keys()):
        raise MalformedError(f"has no {missing[0]}", rule="required", expected=", ".join(sorted(ALWAYS)))
    answer = parse_answer(files[ANSWER])
    same = (answer.id, answer.issuer, answer.livemode, answer.issued_at)
    if same != (seal.id, seal.issuer, seal.livemode, seal.issued_at):
        raise UntrustedError("answer and seal are of two bundles")
    if answer.issued_at > at + CLOCK_SKEW:
        raise UntrustedError(f"evidence was made later than now, at {format_instant(answer.issued_at)}")
    if expected_organization is not None and answer.organization != expected_organization:
        raise UntrustedError(
            f"evidence is about {answer.organization!r}, expected {expected_organization!r:.100}"
        )
    if policy is not None and not (answer.history or answer.decisions):
        raise UntrustedError("a policy was given, and this evidence rests on nothing in a log")
    reading = _Reading(files, answer, trust=trust, at=at, allow_test=allow_test, policy=policy)
    packages = {each.grant: reading.package(each) for each in _those(answer, "signed")}
    activations = {each.grant: reading.activation(each) for each in _those(answer, "active")}
    receipts = {each: reading.receipt(each) for each in answer.decisions}
    proofs = {each: reading.proof(each, receipts[each]) for each in answer.decisions}
    reading.finish()
    _one_log([*(each.logged for each in packages.values()), *activations.values()])
    return VerifiedBundle(
        answer=answer,
        fingerprint=hashlib.sha256(files[ANSWER]).hexdigest(),
        packages=packages,
        activations={grant: found for grant, found in activations.items() if found is not None},
        receipts=receipts,
        proofs={decision: found for decision, found in proofs.items() if found is not None},
        files=len(files),
    )


def _those(answer: Answer, what: str) -> Iterable[Moment]:
    return (each for each in answer.history if each.what == what)


def _one_log(events: Iterable[VerifiedEvent | None]) -> None:
    """Refuse proofs out of two pasts: a log has one root for each size."""
    roots: dict[tuple[str, int], bytes] = {}
    for checkpoint in (each.signed.checkpoint for each in events if each is not None):
        known = roots.setdefault((checkpoint.origin, checkpoint.size), checkpoint.root)
        if known != checkpoint.root:
            raise UntrustedError(
                f"{checkpoint.origin!r:.80} has two roots for size {checkpoint.size}: the log was forked, keep this"
            )


class _Reading:
    """The enclosed parts, each verified and held against the answer; what nobody asked for is refused."""

    def __init__(
        self,
        files: Mapping[str, bytes],
        answer: Answer,
        *,
        trust: Trust,
        at: datetime,
        allow_test: bool,
        policy: Policy | None,
    ) -> None:
        self._files, self._answer, self._trust = files, answer, trust
        self._at, self._allow_test, self._policy = at, allow_test, policy
        self._read = set(ALWAYS) | {CHECKPOINT}

    def package(self, signed: Moment) -> VerifiedPackage:
        """The package of a grant: of this pair, recorded where and when the history says, with the text shown."""
        if grant_file(signed.grant) in self._read:
            raise UntrustedError(f"{signed.grant} was signed twice, says the answer")
        found = verify_package(
            self._take(grant_file(signed.grant)),
            trust=self._trust,
            at=self._at,
            allow_test=self._allow_test,
            policy=self._policy,
        )
        body, said = found.statement.body, found.countersignature
        licensee = body["licensee"]
        pair = (body["performer"], licensee.get("id") if isinstance(licensee, dict) else None)
        if said.grant != signed.grant or pair != (self._answer.performer, self._answer.organization):
            raise UntrustedError(f"{grant_file(signed.grant)} is of another grant, performer or organization")
        if (said.seq, said.recorded_at, said.livemode) != (signed.seq, signed.at, self._answer.livemode):
            raise UntrustedError(
                f"{signed.grant} was recorded elsewhere or at another time than the answer says"
            )
        template = body["template"]
        text = hashlib.sha256(self._take(text_file(signed.grant))).hexdigest()
        if not isinstance(template, dict) or template.get("text_sha256") != text:
            raise SignatureError(f"{text_file(signed.grant)} is not the text that was signed")
        return found

    def activation(self, active: Moment) -> VerifiedEvent | None:
        """The event of an activation in the log; None where it was not published so far."""
        if event_file(active.grant) not in self._files:
            if self._policy is not None:
                raise UntrustedError(
                    f"activation of {active.grant} has no log proof, and a policy demands one: make the bundle anew"
                )
            return None
        data = self._take(event_file(active.grant))
        found = verify_logged(
            read_logged(parse_statement(data, max_bytes=MAX_EVENT_BYTES)),
            trust=self._trust,
            policy=self._policy,
            expected_kind=ACTIVE,
            expected_livemode=self._answer.livemode,
        )
        if found.body.get("grant") != active.grant or (found.seq, found.at) != (active.seq, active.at):
            raise UntrustedError(f"{event_file(active.grant)} is another event than the answer says")
        return found

    def receipt(self, decision: str) -> Receipt:
        """A decision that was given to this organization by the position asked about."""
        found = verify_receipt(
            self._take(receipt_file(decision)),
            trust=self._trust,
            at=self._at,
            expected_audience=self._answer.organization,
            allow_test=self._allow_test,
        )
        if found.livemode != self._answer.livemode or all(
            item.decision_id != decision for item in found.items
        ):
            raise UntrustedError(f"{receipt_file(decision)} is of another decision")
        return found

    def proof(self, decision: str, receipt: Receipt) -> ProvenReceipt | None:
        """Its proof out of the log; None where it was not published so far."""
        if proof_file(decision) not in self._files:
            if self._policy is not None:
                raise UntrustedError(
                    f"{decision} has no log proof, and a policy demands one: make the bundle anew"
                )
            return None
        found = verify_receipt_proof(
            self._take(proof_file(decision)),
            trust=self._trust,
            at=self._at,
            expected_audience=self._answer.organization,
            allow_test=self._allow_test,
            policy=self._policy,
        )
        if found.receipt.receipt_id != receipt.receipt_id:
            raise UntrustedError(f"{proof_file(decision)} is of another decision")
        return found

    def finish(self) -> None:
        """Refuse what the answer does not speak of: whoever opens the archive would take it for proven."""
        if odd := sorted(self._files.keys() - self._read):
            raise MalformedError(f"{odd[0]!r:.100} is nothing that the answer speaks of", rule="unknown_file")

    def _take(self, name: str) -> bytes:
        if name not in self._files:
            raise MalformedError(f"has no {name}", rule="required", expected=name)
        self._read.add(name)
        return self._files[name]
