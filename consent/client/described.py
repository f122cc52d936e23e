"""What a piece of evidence proves, as JSON: for machines, and for the terminal that prints it."""

from collections.abc import Callable, Sequence
from datetime import datetime

from consent.client.described_bundle import Facts, describe_bundle
from consent.client.evidence import Evidence, ProvenEntry, is_of_test_log
from signing.acknowledgement import Acknowledgement
from signing.base64_lines import b64
from signing.evidence_bundle import VerifiedBundle
from signing.instants import format_instant, format_instant_ms
from signing.key_chain import KeyIntroduction
from signing.logged_event import VerifiedEvent
from signing.package import VerifiedPackage
from signing.receipt import Receipt
from signing.receipt_proof import ProvenReceipt
from signing.signed_checkpoint import SignedCheckpoint


def describe(evidence: Evidence, *, at: datetime, compared: bool) -> Facts:
    """What was proven. `compared`: an acknowledgement was held against its statement."""
    described: Sequence[tuple[type, Callable[..., Facts]]] = (
        (Receipt, lambda found: _receipt(found, at)),
        (ProvenReceipt, lambda found: _receipt_proof(found, at)),
        (VerifiedPackage, _package),
        (VerifiedBundle, describe_bundle),
        (Acknowledgement, lambda found: _acknowledgement(found, compared=compared)),
        (ProvenEntry, _entry),
        (SignedCheckpoint, lambda found: {"kind": "checkpoint", **_side(found), **_head(found)}),
    )
    return next(words(evidence) for kind, words in described if isinstance(evidence, kind))


def receipt_in(evidence: Evidence) -> Receipt | None:
    """The receipt that the evidence is or proves; None where it holds no decision."""
    if isinstance(evidence, ProvenReceipt):
        return evidence.receipt
    return evidence if isinstance(evidence, Receipt) else None


def _acknowledgement(found: Acknowledgement, *, compared: bool) -> Facts:
    return {
        "kind": "acknowledgement",
        "livemode": found.livemode,
        "issuer": found.issuer,
        "grant": found.grant,
        **({"statement": found.statement} if found.statement is not None else {}),
        **({"recorded_on": found.authority} if found.authority is not None else {}),
        "body_sha256": found.body_sha256,
        "compared_with_statement": compared,
        "committed": found.committed,
        "enforced_at": format_instant_ms(found.enforced_at),
    }


def _receipt(receipt: Receipt, at: datetime) -> Facts:
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


def _receipt_proof(found: ProvenReceipt, at: datetime) -> Facts:
    said = dict(_receipt(found.receipt, at))
    decisions = said.pop("decisions")
    return {
        **said,
        "kind": f"{said['kind']} with log proof",
        "receipt_signature": "verified" if found.signed else "not enclosed",
        "committed_at": format_instant(found.logged.at),
        **_logged(found.logged),
        "decisions": decisions,
    }


def _package(package: VerifiedPackage) -> Facts:
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
        **({"proof": "pending"} if package.logged is None else _logged(package.logged)),
    }


def _key(link: KeyIntroduction) -> Facts:
    """One key of a chain, and who introduced it."""
    return {
        "key": link.thumbprint,
        "kind": link.kind,
        "introduced_by": link.introduced_by,
        "by_credential": link.by_credential,
        "examiner": link.examiner,
        "evidence_sha256": link.evidence_sha256,
    }


def _logged(logged: VerifiedEvent) -> Facts:
    """Where the log holds it, and who vouches for order and time."""
    witnesses = logged.witnesses if logged.quorum else "not asked: no policy was given"
    return {
        "proof": "in the log",
        "log_index": logged.seq,
        **_head(logged.signed),
        "witnesses": witnesses or "none that the policy asks for",
    }


def _entry(found: ProvenEntry) -> Facts:
    return {
        "kind": "proof file",
        **_side(found.signed),
        "index": found.index,
        "entry": found.entry.hex() if len(found.entry) <= 64 else f"{len(found.entry)} bytes",
        **_head(found.signed),
    }


def _side(signed: SignedCheckpoint) -> Facts:
    return {"livemode": not is_of_test_log(signed.checkpoint.origin)}


def _head(signed: SignedCheckpoint) -> Facts:
    checkpoint = signed.checkpoint
    return {
        "log": checkpoint.origin,
        "log_size": checkpoint.size,
        "log_root": b64(checkpoint.root),
        "log_key": signed.log.text,
        "witnesses": sorted({each.key.name for each in signed.cosignatures}) or "none asked for",
    }


def _objects(value: object) -> Sequence[Facts]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _texts(value: object) -> Sequence[str]:
    return [str(each) for each in value] if isinstance(value, list) else []
