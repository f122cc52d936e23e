"""What an evidence bundle proves, as JSON: the verdicts, what they rest on, and what stays the registry's word."""

from collections.abc import Mapping

from signing.evidence_answer import Answer, JudgedQuestion, Side, Verdict
from signing.evidence_bundle import VerifiedBundle
from signing.instants import format_instant

Facts = Mapping[str, object]
ON_ITS_WORD = [
    "that no pause and no ending is left out, and when they were",
    "which of the performer's own limits stood at that instant",
    "that the organization had been given the performer, and any paper consent",
]


def describe_bundle(found: VerifiedBundle) -> Facts:
    """What was proven; `creation` and `publication` sum up their questions, and neither speaks for the other."""
    answer = found.answer
    in_log = sum(each.logged is not None for each in found.packages.values())
    return {
        "kind": "evidence bundle",
        "livemode": answer.livemode,
        "issuer": answer.issuer,
        "evidence": answer.id,
        "issued_at": format_instant(answer.issued_at),
        "about": format_instant(answer.at),
        "seq": answer.seq,
        "organization": answer.organization,
        "performer": answer.performer,
        "creation_then": side_outcome(answer, "creation", now=False),
        "creation_now": side_outcome(answer, "creation", now=True),
        "publication_then": side_outcome(answer, "publication", now=False),
        "publication_now": side_outcome(answer, "publication", now=True),
        "consents": len(found.packages),
        "signings_in_log": in_log,
        "activations_in_log": len(found.activations),
        "receipts": len(found.receipts),
        "fingerprint": found.fingerprint,
        "on_the_registrys_word": ON_ITS_WORD,
        "questions": [_question(each) for each in answer.questions],
        "keys": [
            {
                "grant": grant,
                "key": link.thumbprint,
                "kind": link.kind,
                "introduced_by": link.introduced_by,
                "examiner": link.examiner,
            }
            for grant, package in sorted(found.packages.items())
            for link in package.key_chain
        ],
    }


def side_outcome(answer: Answer, side: Side, *, now: bool) -> str:
    """`allow` only where every question of that side was answered so; `not asked` where there is none."""
    found = {(each.now if now else each.then).outcome for each in answer.questions if each.side == side}
    return "not asked" if not found else "allow" if found == {"allow"} else "deny"


def _question(each: JudgedQuestion) -> Facts:
    return {
        "asked": dict(each.asked),
        "side": each.side,
        "then": _verdict(each.then),
        "now": _verdict(each.now),
    }


def _verdict(verdict: Verdict) -> Facts:
    return {
        "decision": verdict.outcome,
        "grants": list(verdict.grants),
        "reasons": list(verdict.reasons),
        "missing": list(verdict.missing),
    }
