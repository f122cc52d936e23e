"""The corpus that every verifier of ours is held against: documents to accept, documents to refuse.

`python -m tests.signing.verify_corpus` writes tests/vectors/verify anew; the keys are fixed, so the bytes are too.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from signing.acknowledgement import Acknowledgement, sign_acknowledgement
from signing.instants import format_instant
from signing.trust import format_trust
from tests.signing.corpus_of_evidence import evidence_documents
from tests.signing.corpus_of_logs import log_documents
from tests.signing.corpus_of_packages import package_documents
from tests.signing.corpus_of_receipts import receipt_documents
from tests.signing.log_samples import policy
from tests.signing.samples import ISSUERS, NOW, an_id, signer, trust

FOLDER = Path(__file__).parents[1] / "vectors" / "verify"
ACKNOWLEDGED = Acknowledgement(
    issuer=ISSUERS[True],
    livemode=True,
    statement=an_id("stm"),
    grant=an_id("grt"),
    body_sha256="0a" * 32,
    committed="ct_abc",
    enforced_at=NOW,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A file, what it is or claims to be, and why it counts or does not."""

    name: str
    kind: str
    valid: bool
    why: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One question about a file: verified with these options, is it valid?"""

    file: str
    kind: str
    allow_test: bool
    policy: bool
    valid: bool
    why: str


def documents() -> Iterator[Document]:
    """Every file, judged without a policy and with `allow_test`."""
    for kind, family in (
        ("receipt", receipt_documents()),
        ("package", package_documents()),
        ("log", log_documents()),
        ("evidence bundle", evidence_documents()),
        ("acknowledgement", _acknowledgements()),
    ):
        for name, valid, why, data in family:
            yield Document(name=name, kind=_kind(name, kind), valid=valid, why=why, data=data)


def cases() -> Iterator[Case]:
    """Every file as `documents` says; of the test side also without `allow_test`; what rests on the log also under the
    policy."""
    for document in documents():
        case = Case(
            file=f"files/{document.name}",
            kind=document.kind,
            allow_test=True,
            policy=False,
            valid=document.valid,
            why=document.why,
        )
        yield case
        if document.valid:
            of_test = "of-test" in document.name
            yield replace(case, allow_test=False, valid=not of_test, why="the side must be allowed")
            in_log = "witnessed" in document.name
            yield replace(case, policy=True, valid=in_log and not of_test, why="the policy must be fulfilled")


def _kind(name: str, family: str) -> str:
    kinds = {".receipt": "receipt", ".grant.json": "grant package", ".proof.json": "receipt proof"}
    return next((kind for suffix, kind in kinds.items() if name.endswith(suffix)), family)


def _acknowledgements() -> Iterator[tuple[str, bool, str, bytes]]:
    def token(by: str = "registry", *, livemode: bool = True) -> bytes:
        said = replace(ACKNOWLEDGED, livemode=livemode, issuer=ISSUERS[livemode])
        assert by in ("registry", "stranger")
        seed = None if by == "registry" else 777
        return sign_acknowledgement(said, signer=signer("registry", livemode=livemode, seed=seed)).encode()

    yield "ended.ack", True, "an ending that the registry acknowledges", token()
    yield "of-test.ack", True, "the same of the test side", token(livemode=False)
    yield "stranger.ack", False, "signed by a key that is not in the trust file", token("stranger")


def write(folder: Path = FOLDER) -> None:
    """Write the whole corpus."""
    files = folder / "files"
    files.mkdir(parents=True, exist_ok=True)
    for old in files.iterdir():
        old.unlink()
    for document in documents():
        (files / document.name).write_bytes(document.data)
    (folder / "trust.json").write_bytes(format_trust(trust()))
    (folder / "policy").write_bytes(policy().format())
    rows = [
        {name: getattr(case, name) for name in ("file", "kind", "allow_test", "policy", "valid", "why")}
        for case in cases()
    ]
    listed = json.dumps({"at": format_instant(NOW), "cases": rows}, indent=1, ensure_ascii=True)
    (folder / "cases.json").write_text(listed + "\n")


if __name__ == "__main__":
    write()
