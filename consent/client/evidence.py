"""Verifying evidence offline: a receipt, a batch receipt, a grant package, an acknowledgement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from signing import jws
from signing.acknowledgement import Acknowledgement, verify_acknowledgement
from signing.canonical import parse
from signing.errors import MalformedError
from signing.instants import format_instant, format_instant_ms
from signing.key_chain import KeyIntroduction
from signing.package import MAX_PACKAGE_BYTES, VerifiedPackage, verify_package
from signing.purposes import ACKNOWLEDGEMENT, BATCH_RECEIPT, LEDGER_ROOT, RECEIPT
from signing.receipt import MAX_RECEIPT_BYTES, Receipt, verify_receipt
from signing.statement import parse_envelope
from signing.trust import Trust

MAX_DOCUMENT_BYTES = max(MAX_RECEIPT_BYTES, MAX_PACKAGE_BYTES)
Evidence: TypeAlias = Receipt | VerifiedPackage | Acknowledgement


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectations:
    """What the verifier knows beforehand. None, typed out, is "whoever asked" and "whatever was ended"."""

    expected_audience: str | None
    expected_statement: bytes | None
    allow_test: bool


def verify_evidence(data: bytes, *, trust: Trust, at: datetime, expectations: Expectations) -> Evidence:
    """What a document proves, its kind found out by looking.

    Raises:
        signing.errors.SigningError: malformed, forged, untrusted, of another audience or statement, or of the test
            side without `allow_test`.
    """
    text = data.strip(b" \t\r\n")
    if text.startswith(b"{"):
        return verify_package(text, trust=trust, at=at, allow_test=expectations.allow_test)
    if text.count(b".") != 2 or not text.isascii():
        raise MalformedError("expected a receipt, a batch receipt, a grant package or an acknowledgement")
    token = text.decode("ascii")
    # A deferred receipt begins with the root that it rests on.
    typ = jws.parse_compact(token.partition("~")[0], max_bytes=MAX_RECEIPT_BYTES).header.get("typ")
    if typ == ACKNOWLEDGEMENT:
        return verify_acknowledgement(
            token,
            trust=trust,
            expected_body_sha256=_statement_sha256(token, expectations.expected_statement),
            allow_test=expectations.allow_test,
        )
    if typ in (RECEIPT, BATCH_RECEIPT, LEDGER_ROOT):
        return verify_receipt(
            token,
            trust=trust,
            at=at,
            expected_audience=expectations.expected_audience,
            allow_test=expectations.allow_test,
        )
    raise MalformedError(
        f"expected a receipt, a package or an acknowledgement, got a token of typ {typ!r:.80}"
    )


def _statement_sha256(token: str, statement: bytes | None) -> str:
    """The digest to hold an acknowledgement against: of the statement given, else the one that it names itself."""
    if statement is not None:
        return parse_envelope(statement).body_sha256
    payload = parse(jws.parse_compact(token).payload_bytes)
    named = payload.get("body_sha256") if isinstance(payload, dict) else None
    return named if isinstance(named, str) else ""


def describe(evidence: Evidence, *, at: datetime, compared: bool) -> Mapping[str, object]:
    """What was proven, as JSON. `compared`: an acknowledgement was held against its statement."""
    if isinstance(evidence, Receipt):
        return _receipt(evidence, at)
    if isinstance(evidence, VerifiedPackage):
        return _package(evidence)
    return {
        "kind": "acknowledgement",
        "livemode": evidence.livemode,
        "issuer": evidence.issuer,
        "grant": evidence.grant,
        **({"statement": evidence.statement} if evidence.statement is not None else {}),
        **({"recorded_on": evidence.authority} if evidence.authority is not None else {}),
        "body_sha256": evidence.body_sha256,
        "compared_with_statement": compared,
        "committed": evidence.committed,
        "enforced_at": format_instant_ms(evidence.enforced_at),
    }


def _receipt(receipt: Receipt, at: datetime) -> Mapping[str, object]:
    return {
        "kind": "batch receipt" if receipt.batch else "receipt",
        "livemode": receipt.livemode,
        "issuer": receipt.issuer,
        "audience": receipt.audience,
        "licensee": receipt.licensee,
        "receipt": receipt.receipt_id,
        "issued_at": format_instant(receipt.issued_at),
        "expires_at": format_instant(receipt.expires_at),
        "fresh": receipt.fresh(at),
        "position": receipt.position,
        "node": receipt.node,
        **({"salt": receipt.salt} if receipt.salt is not None else {}),
        "decisions": [
            {
                **({"id": item.row} if item.row is not None else {}),
                "decision": item.decision,
                "decision_id": item.decision_id,
                "reasons": list(item.reasons),
                "obligations": list(item.obligations),
                "grants": list(item.grants),
                "req_sha256": item.req_sha256,
            }
            for item in receipt.items
        ],
    }


def _package(package: VerifiedPackage) -> Mapping[str, object]:
    body = package.statement.body
    recorded = package.countersignature
    licensee = body["licensee"]
    lines = body["lines"]
    return {
        "kind": "grant package",
        "livemode": package.statement.livemode,
        "grant": recorded.grant,
        "grant_sha256": recorded.grant_sha256,
        "performer_name": body["performer_name"],
        "licensee": licensee["legal_name"] if isinstance(licensee, dict) else None,
        "uses": sorted({use for line in _objects(lines) for use in _texts(line.get("uses"))}),
        "valid_from": body["valid_from"],
        "valid_until": body["valid_until"],
        "signed_with": package.statement.performer.method,
        "user_verified": package.statement.performer.user_verified,
        "recorded_at": format_instant(recorded.recorded_at),
        "seq": recorded.seq,
        "status": {"uri": recorded.status_uri, "idx": recorded.status_idx},
        "keys": [_key(link) for link in package.key_chain],
        "only_first_key_by_registry": package.performer_introduced,
        "proof": package.proof,
    }


def _key(link: KeyIntroduction) -> Mapping[str, object]:
    """One key of a chain, and who introduced it."""
    return {
        "key": link.thumbprint,
        "kind": link.kind,
        "introduced_by": link.introduced_by,
        "by_credential": link.by_credential,
        "examiner": link.examiner,
        "evidence_sha256": link.evidence_sha256,
    }


def _objects(value: object) -> Sequence[Mapping[str, object]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _texts(value: object) -> Sequence[str]:
    return [str(each) for each in value] if isinstance(value, list) else []
