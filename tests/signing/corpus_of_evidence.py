"""Evidence bundles to accept and to refuse: seals, archives, verdicts that do not follow, parts of something else."""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from consent.core.past_verdicts import asked_again, verdict
from consent.core.terms import compile_grant
from signing import jws
from signing.canonical import canonicalize
from signing.checkpoint import Checkpoint
from signing.commitment import entry
from signing.cosignature import cosign
from signing.evidence_answer import Answer, JudgedQuestion, Moment, Verdict, format_answer
from signing.evidence_bundle import (
    ACTIVE,
    ANSWER,
    CHECKPOINT,
    DOCUMENT,
    GUIDE,
    POLICY,
    TRUST,
    event_file,
    grant_file,
    receipt_file,
    text_file,
)
from signing.evidence_seal import SEAL, Seal, digests, sign_seal
from signing.evidence_zip import write_zip
from signing.logged_event import LoggedEvent, write_logged
from signing.merkle import inclusion_proof, leaf_hash, tree_root
from signing.note import parse_note
from signing.package import SIGNED, format_package, parse_package
from signing.purposes import EVIDENCE
from signing.receipt import sign_receipt
from signing.signed_checkpoint import sign_checkpoint
from signing.tlog_proof import TlogProof
from signing.trust import format_trust
from tests.signing.log_samples import (
    INDEX,
    SEEN,
    SIZE,
    WITNESS,
    WITNESS_NAME,
    event,
    log_signer,
    policy,
    salt,
)
from tests.signing.samples import (
    ISSUERS,
    NOW,
    TEXT,
    an_id,
    grant_body,
    package,
    receipt,
    receipt_signer,
    signed,
    signer,
    trust,
)

GRANT, AT = an_id("grt"), NOW - timedelta(minutes=10)
RECORDED = NOW - timedelta(hours=1)
DECISION = "dec_abc"
Files = dict[str, bytes]
_ASKED = {
    "base_model": "any-model",
    "caller": an_id("org"),
    "commercial": True,
    "content_tier": "general",
    "end_user_scope": "public",
    "language": "de",
    "modality": "voice",
    "performer": an_id("prf"),
    "purpose": "audiobook",
    "quantity": 1,
    "territory": "DE",
    "use": "train.voice",
}


def body(*, livemode: bool = True, **changes: Any) -> dict[str, Any]:
    """A grant of this text, without a prohibition that the questions touch."""
    made = grant_body(livemode=livemode, **changes)
    made["template"]["text_sha256"] = hashlib.sha256(TEXT).hexdigest()
    made["lines"][0]["constraints"] += [
        {"kind": "language", "v": 1, "ranges": ["de"]},
        {"kind": "commercial", "v": 1, "allowed": True},
    ]
    return made


def moments(*more: Moment, active_seq: int = INDEX + 1) -> tuple[Moment, ...]:
    """Signed, active at once, and whatever came then."""
    return (
        Moment(seq=INDEX, at=RECORDED, grant=GRANT, what="signed"),
        Moment(seq=active_seq, at=NOW, grant=GRANT, what="active"),
        *more,
    )


def answer(*, livemode: bool = True, history: tuple[Moment, ...] | None = None, **changes: Any) -> Answer:
    """An honest answer: the verdicts are those that follow."""
    said = Answer(
        id=an_id("evd"),
        issuer=ISSUERS[livemode],
        livemode=livemode,
        issued_at=NOW,
        at=NOW,
        seq=INDEX + 2,
        organization=an_id("org"),
        performer=an_id("prf"),
        known=True,
        prior_record=False,
        limits=None,
        questions=(),
        history=moments() if history is None else history,
    )
    said = replace(said, **changes)
    if "questions" in changes:
        return said
    terms = {GRANT: compile_grant(body(livemode=livemode))}
    judged = []
    for use in ("train.voice", "publish.stream"):
        asked = {**_ASKED, "use": use}
        if use == "publish.stream":
            del asked["modality"]
        complete = asked_again(asked, caller=said.organization, pointer="")
        then, now = (verdict(complete, said, terms, today=today) for today in (False, True))
        judged.append(JudgedQuestion(asked=asked, then=then, now=now))
    return replace(said, questions=tuple(judged))


def proofs(events: Mapping[int, Any], *, livemode: bool = True, salted: int = 0) -> dict[int, LoggedEvent]:
    """The events at their places of one small log. Another `salted` is another past of the same log."""
    entries = [entry(event("filler.event", {"n": at}), salt(at + salted)) for at in range(SIZE)]
    for at, said in events.items():
        entries[at] = entry(said, salt(at))
    leaves = [leaf_hash(each) for each in entries]
    signing = log_signer(livemode=livemode)
    checkpoint = Checkpoint(origin=signing.name, size=SIZE, root=tree_root(leaves))
    note = parse_note(sign_checkpoint(checkpoint, signing))
    cosigned = cosign(checkpoint.text(), name=WITNESS_NAME, key=WITNESS, time=SEEN)
    text = note.with_signatures([cosigned]).format()
    return {
        at: LoggedEvent(
            tlog_proof=TlogProof(index=at, hashes=tuple(inclusion_proof(at, leaves)), checkpoint=text)
            .format()
            .decode(),
            event=said,
            salt=salt(at),
        )
        for at, said in events.items()
    }


def parts(said: Answer, *, in_log: bool = False, forked: bool = False, **changes: Any) -> Files:
    """Everything but the seal."""
    livemode = said.livemode
    envelope = signed(body(livemode=livemode, **changes))
    made = package(envelope=envelope, livemode=livemode)
    named = {"grant": GRANT, "grant_sha256": envelope.body_sha256, "performer": said.performer}
    events = {
        INDEX: event(SIGNED, {**named, "state": "signed"}, livemode=livemode),
        INDEX + 1: event(ACTIVE, {**named, "state": "active"}, livemode=livemode),
    }
    files: Files = {
        ANSWER: format_answer(said),
        DOCUMENT: b"%PDF-1.7\n",
        GUIDE: b"# How to check this\n",
        POLICY: policy(livemode=livemode).format(),
        TRUST: format_trust(trust()),
    }
    if in_log:
        logged = proofs(events, livemode=livemode)
        made = format_package(replace(parse_package(made), proof=logged[INDEX]))
        other = proofs(events, livemode=livemode, salted=500) if forked else logged
        files[event_file(GRANT)] = canonicalize(write_logged(other[INDEX + 1]))
        files[CHECKPOINT] = parse_note(logged[INDEX].tlog_proof.split("\n\n", 1)[1].encode()).format()
    if said.history:
        files[grant_file(GRANT)] = made
        files[text_file(GRANT)] = TEXT
    return files


def sealed(files: Files, said: Answer, *, seed: int | None = None, **changes: Any) -> bytes:
    """The bundle of these files; `changes` are of the seal."""
    seal = Seal(
        id=said.id,
        issuer=said.issuer,
        livemode=said.livemode,
        issued_at=said.issued_at,
        files=digests(files),
    )
    by = signer("registry", livemode=said.livemode, seed=seed)
    token = sign_seal(replace(seal, **changes), signer=by)
    return write_zip({**files, SEAL: token.encode()})


def bundle(said: Answer | None = None, **changes: Any) -> bytes:
    """An honest bundle of this answer."""
    said = said or answer()
    return sealed(parts(said, **changes), said)


def evidence_documents() -> Iterator[tuple[str, bool, str, bytes]]:
    """Name, whether it is valid, why, and the bytes."""
    for name, why, data in _accepted():
        yield f"bundle-{name}.zip", True, why, data
    for name, why, data in _refused():
        yield f"bundle-{name}.zip", False, why, data


def _accepted() -> Iterator[tuple[str, str, bytes]]:
    yield "pending", "nothing of it is published in the log so far", bundle()
    yield "witnessed", "signing and start stand in the log, cosigned", bundle(in_log=True)
    yield "of-test", "the same of the test side", bundle(answer(livemode=False))
    nothing = answer(history=(), known=False)
    yield "nothing", "nothing was ever signed: a no", bundle(nothing)
    ended = Moment(seq=INDEX + 2, at=NOW, grant=GRANT, what="ended")
    yield "ended", "it had ended: a no, then and now", bundle(answer(history=moments(ended)))
    void = Moment(seq=INDEX + 9, at=NOW, grant=GRANT, what="voided")
    since = answer(history=moments(void))
    assert (since.questions[0].then.outcome, since.questions[0].now.outcome) == ("allow", "deny")
    yield "voided", "voided since: a yes then, none now", bundle(since)


def _refused() -> Iterator[tuple[str, str, bytes]]:
    yield from _refused_by_seal()
    yield from _refused_by_content()
    yield from _refused_archives()


def _refused_by_seal() -> Iterator[tuple[str, str, bytes]]:
    said = answer()
    files = parts(said)
    yield "stranger", "sealed by a key that is not in the trust file", sealed(files, said, seed=777)
    token = sign_seal(
        Seal(id=said.id, issuer=said.issuer, livemode=True, issued_at=NOW, files=digests(files)),
        signer=signer("registry"),
    )
    claims = jws.parse_compact(token).payload_bytes
    by_receipt_key = jws.sign(json.loads(claims), typ=EVIDENCE, key=signer("receipt").private)
    yield "by-receipt-key", "sealed by the receipt key", write_zip({**files, SEAL: by_receipt_key.encode()})
    whole = {**files, SEAL: token.encode()}
    yield "changed", "a letter of the text changed", write_zip({**whole, text_file(GRANT): b"V" + TEXT[1:]})
    yield "pdf", "another document", write_zip({**whole, DOCUMENT: b"%PDF-1.4\n"})
    yield "more", "a file that is not sealed", write_zip({**whole, "receipts/more.receipt": b"x"})
    less = {name: data for name, data in whole.items() if name != GUIDE}
    yield "less", "a sealed file that is missing", write_zip(less)
    yield "unsealed", "no seal", write_zip(files)
    yield "issuer", "the seal of another issuer", sealed(files, said, issuer="https://other.example")
    yield "side", "the seal of the other side", sealed(files, said, livemode=False)
    yield "two", "the seal of another bundle of the same files", sealed(files, said, id=an_id("evd", "b"))
    future = answer(issued_at=NOW + timedelta(seconds=61))
    yield "future", "made after it is verified", sealed(parts(future), future)


def _refused_by_content() -> Iterator[tuple[str, str, bytes]]:
    good = answer()
    yes, no = good.questions
    assert (yes.then.outcome, no.then.outcome) == ("allow", "deny")
    lie = replace(no, then=Verdict(outcome="allow", grants=(GRANT,)))
    yield "verdict", "a yes to publishing that does not follow", bundle(answer(questions=(yes, lie)))
    lie = replace(yes, now=Verdict(outcome="deny", reasons=("out_of_scope",)))
    yield "verdict-now", "a no, now, that does not follow", bundle(answer(questions=(lie, no)))
    paused = Moment(seq=INDEX + 2, at=NOW, grant=GRANT, what="paused")
    held = moments(paused)
    yield "paused", "a yes although it was paused", bundle(answer(history=held, questions=good.questions))
    never = {"schema": "consent-registry/limits/v1", "v": 1, "never": [{"uses": ["train.voice"]}]}
    forbidden = answer(limits=never, questions=good.questions)
    yield "limits", "a yes against the performer's own limits", bundle(forbidden)
    someone = replace(yes, asked={**yes.asked, "performer": an_id("prf", "b")})
    yield "other-performer", "a question about somebody else", bundle(answer(questions=(someone,)))
    asked = replace(yes, asked={**yes.asked, "purpose": "advertise"})
    yield "other-question", "the verdict of another question", bundle(answer(questions=(asked,)))
    bare = replace(yes, asked={name: value for name, value in yes.asked.items() if name != "quantity"})
    yield "not-completed", "a question that is not completed", bundle(answer(questions=(bare,)))
    yield "performer", "a consent of another performer", bundle(performer=an_id("prf", "b"))
    recorded = replace(moments()[0], at=RECORDED - timedelta(days=1))
    early = answer(history=(recorded, moments()[1]), questions=good.questions)
    yield "earlier", "said to be signed a day before it was recorded", bundle(early)
    seq = answer(history=moments(active_seq=INDEX + 2), questions=good.questions)
    yield "moved", "a start at another place than the log has it", bundle(seq, in_log=True)
    yield "forked", "proofs out of two pasts of one log", bundle(in_log=True, forked=True)
    unsigned = answer(history=moments()[1:], questions=good.questions)
    yield "never-signed", "a start of what was never signed", bundle(unsigned)
    after = Moment(seq=INDEX + 9, at=NOW, grant=GRANT, what="ended")
    yield (
        "later",
        "an end behind the position",
        bundle(answer(history=moments(after), questions=good.questions)),
    )
    yield "no-question", "nothing asked", bundle(answer(questions=()))
    files = parts(good)
    loose = {**files, ANSWER: json.dumps(json.loads(files[ANSWER]), indent=1).encode()}
    yield "printed", "an answer in other blanks", sealed(loose, good)
    yield "text", "another text, sealed", sealed({**files, text_file(GRANT): b"Everything.\n"}, good)
    yield "unasked", "a file that the answer does not speak of", sealed({**files, "grants/x.md": b"x"}, good)
    claimed = answer(decisions=(DECISION,), questions=good.questions)
    missing = sealed(parts(claimed), claimed)
    yield "no-receipt", "a decision without its receipt", missing
    other = {**parts(claimed), receipt_file(DECISION): _receipt()}
    yield "other-receipt", "the receipt of another decision", sealed(other, claimed)


def _refused_archives() -> Iterator[tuple[str, str, bytes]]:
    good = bundle()
    with zipfile.ZipFile(io.BytesIO(good)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    yield "behind", "a byte behind its end", good + b"\n"
    yield "before", "a byte before its beginning", b"\n" + good
    yield "cut", "cut off", good[:-1]
    yield "half", "half of it", good[: len(good) // 2]
    yield "deflated", "the same files compressed", _zipped(files, zipfile.ZIP_DEFLATED)
    yield "repacked", "the same files packed by another program", _zipped(files, zipfile.ZIP_STORED)
    yield (
        "out-of-it",
        "a name that leads out of the folder",
        _zipped({**files, "../x": b"x"}, zipfile.ZIP_STORED),
    )
    encrypted = bytearray(good)
    encrypted[6] |= 1
    yield "encrypted", "a file marked as encrypted", bytes(encrypted)
    link = bytearray(good)
    place = good.index(b"PK\1\2")
    link[place + 38 : place + 42] = (0o120777 << 16).to_bytes(4, "little")
    yield "link", "a file marked as a symbolic link", bytes(link)
    first = good[: good.index(b"PK\3\4", 4)]
    yield "twice", "a file twice", first + good
    sized = bytearray(good)
    sized[22:26] = (0xFFFFFFFF).to_bytes(4, "little")
    yield "sized", "a file of four gigabytes, it says", bytes(sized)
    yield "empty", "an archive without a file", b"PK\5\6" + bytes(18)


def _receipt() -> bytes:
    return sign_receipt(receipt(), signer=receipt_signer()).encode()


def _zipped(files: Mapping[str, bytes], how: int) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", how) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 12, 2, 10, 0, 0)), data, compress_type=how)
    return made.getvalue()
