"""The words of the page that a court reads: plain sentences and facts, of the answer and what is enclosed."""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final, Literal, cast

from consent.core.resources import templates
from signing.canonical import JSON
from signing.evidence_answer import Answer, JudgedQuestion, Verdict, format_answer
from signing.evidence_bundle import CHECKPOINT, event_file, proof_file
from signing.evidence_seal import digests
from signing.package import VerifiedPackage

Row = tuple[str, str]
_SIDES: Final = (
    ("creation", "Creating", "recording, training, generating, editing"),
    ("publication", "Publishing", "showing, streaming, offering for download"),
)
_WHAT: Final = {
    "signed": "The performer signed",
    "active": "The consent became active",
    "paused": "It was paused: checks said no",
    "resumed": "It was active again",
    "ended": "It ended, for good",
    "voided": "It was declared void: it never counted",
}
_MEANING: Final = re.compile(r"^## (\w+)\n\n(.+?)(?=\n\n|\Z)", re.M | re.S)
_ALSO_SHOWN: Final = frozenset("\N{EN DASH}\N{EM DASH}‘’“”„‚«»‹›…€")


def words_of(
    answer: Answer, packages: Mapping[str, VerifiedPackage], *, proven: Collection[str]
) -> dict[str, Any]:
    """The data of the template. `proven` are the names of the enclosed files."""
    names = _names(packages)
    return {
        "title": "Evidence of consent" if answer.livemode else "Evidence of consent (TEST)",
        "test": not answer.livemode,
        "id": answer.id,
        "date": {name: getattr(answer.issued_at, name) for name in ("year", "month", "day")},
        "issuer": shown(answer.issuer),
        "fingerprint": digests({"answer": format_answer(answer)})["answer"],
        "introduction": (
            f"The consent registry {shown(answer.issuer)} was asked whether a use of a person's voice or likeness was"
            " consented to at an instant of the past. Out of its signed history it answers as follows. Everything that"
            " the answer rests on is enclosed in the same bundle, and can be checked without the registry."
        ),
        "asked": [
            ("About the instant", _instant(answer.at)),
            ("That is position", str(answer.seq) if answer.seq >= 0 else "before anything had happened"),
            ("Organization", _join([answer.organization, *names["licensee"]])),
            ("Performer", _join([answer.performer, *names["performer"]])),
            ("Answered on", _instant(answer.issued_at)),
            ("Answer", answer.id),
        ],
        "verdicts": [
            {
                "side": title,
                "what": what,
                "then": _of_side(answer.questions, side, "then"),
                "now": _of_side(answer.questions, side, "now"),
            }
            for side, title, what in _SIDES
        ],
        "questions": [_question(each) for each in answer.questions],
        "history": [
            {"at": _instant(each.at), "seq": str(each.seq), "what": _WHAT[each.what], "grant": each.grant}
            for each in answer.history
        ],
        "grants": [{"grant": grant, "rows": _grant(each)} for grant, each in sorted(packages.items())],
        "proven": _proven(answer, packages, proven),
        "check": [
            "Unpack the bundle and read VERIFY.md: it has the commands, for openssl, python3 and sha256sum.",
            "Compare the fingerprint at the foot of this page with the SHA-256 of the file answer.json.",
            "Or run: consent verify "
            + ("--allow-test " if not answer.livemode else "")
            + "<the bundle>, which also"
            " decides every question again from what is enclosed.",
            "Get the registry's public keys (the trust file) from somebody you trust, not from this bundle.",
        ],
    }


def shown(text: str) -> str:
    """A text in characters that the document's fonts have; any other one is written as its code point."""
    return "".join(each if _has_glyph(each) else f"[U+{ord(each):04X}]" for each in text)


def _has_glyph(each: str) -> bool:
    """Latin, Greek and Cyrillic letters with what stands around them."""
    point = ord(each)
    latin = 0x20 <= point < 0x7F or 0xA1 <= point < 0x180
    greek = 0x391 <= point < 0x3CA and point != 0x3A2  # which is no character
    return latin or greek or 0x410 <= point < 0x450 or each in _ALSO_SHOWN


def _names(packages: Mapping[str, VerifiedPackage]) -> dict[str, list[str]]:
    """The names as they were signed: the stage name of each consent, and the organization's."""
    bodies = [each.statement.body for each in packages.values()]
    licensees = [cast("dict[str, JSON]", each["licensee"]) for each in bodies]
    return {
        "performer": sorted({f"“{each['performer_name']}”" for each in bodies}),
        "licensee": sorted({f"{each['legal_name']}, {each['country']}" for each in licensees}),
    }


def _of_side(questions: Sequence[JudgedQuestion], side: str, when: Literal["then", "now"]) -> str:
    found = {getattr(each, when).outcome for each in questions if each.side == side}
    return {frozenset(): "Not asked", frozenset({"allow"}): "Yes"}.get(frozenset(found), "No")


def _question(each: JudgedQuestion) -> dict[str, Any]:
    context = [
        (name.replace("_", " "), shown(_value(value)))
        for name, value in sorted(each.asked.items())
        if name not in {"use", "caller", "performer", "performers"}
    ]
    return {
        "use": str(each.asked["use"]),
        "side": {side: title for side, title, _ in _SIDES}[each.side],
        "rows": [*context, ("Then", _verdict(each.then)), ("Now", _verdict(each.now))],
    }


def _verdict(verdict: Verdict) -> str:
    if verdict.outcome == "allow":
        return f"Yes, by {_join(verdict.grants)}"
    why = [f"{_reasons().get(each, '')} ({each})" for each in verdict.reasons]
    missing = f" Not stated: {_join(verdict.missing)}." if verdict.missing else ""
    return f"No. {' '.join(why)}{missing}"


@cache
def _reasons() -> Mapping[str, str]:
    """What each reason code means, out of the manual."""
    text = templates("docs", "reasons.md").read_text("utf-8")
    return {
        code: " ".join(words.split())
        for code, words in re.findall(r"^## (\w+)\n\n(.+?)(?=\n\n|\Z)", text, re.M | re.S)
    }


def _grant(package: VerifiedPackage) -> list[Row]:
    body, said = package.statement.body, package.countersignature
    lines = cast("list[dict[str, Any]]", body["lines"])
    uses = sorted({use for line in lines for use in line["uses"]})
    signer = package.statement.performer
    how = "a passkey" if signer.method == "webauthn" else "a key file in the performer's hands"
    if signer.user_verified:
        how += ", after it had verified the person (PIN, fingerprint or face)"
    return [
        ("Given as", shown(str(body["performer_name"]))),
        ("Uses", _join(uses)),
        ("Term", f"{body['valid_from']} to {body['valid_until']}"),
        ("Recorded", f"{_instant(said.recorded_at)}, at position {said.seq}"),
        ("Signed with", how),
        *_keys(package),
        ("SHA-256 of the terms", _broken(said.grant_sha256)),
    ]


def _keys(package: VerifiedPackage) -> list[Row]:
    """Who introduced each key, the first one first."""
    rows = []
    for place, link in enumerate(package.key_chain, start=1):
        if link.introduced_by == "performer":
            who = "the performer, by their own former key"
        else:
            who = f"the registry, on the word of its examiner {shown(str(link.examiner))}"
        rows.append((f"Key {place} introduced by", f"{who} ({link.thumbprint})"))
    return rows


def _proven(answer: Answer, packages: Mapping[str, VerifiedPackage], proven: Collection[str]) -> list[str]:
    logged = sum(each.logged is not None for each in packages.values())
    active = [each.grant for each in answer.history if each.what == "active"]
    in_log = sum(event_file(each) in proven for each in active)
    lines = [
        f"Proven by the performer's own signature: the terms of {_count(len(packages), 'consent')}, word for word,"
        " and the text that was shown.",
        f"Proven by the transparency log: the signing of {logged} of {len(packages)} and the start of {in_log} of"
        f" {_count(len(active), 'consent')}, at the positions told above.",
    ]
    if CHECKPOINT not in proven or logged < len(packages) or in_log < len(active):
        lines.append(
            "What the log does not prove yet was not published when this was made; made anew, the bundle has it."
        )
    if answer.decisions:
        in_log = sum(proof_file(each) in proven for each in answer.decisions)
        lines.append(
            f"Proven by signed receipts: {_count(len(answer.decisions), 'answer')} that the organization was given at"
            f" the time, {in_log} of them also by the log."
        )
    lines += [
        "On the registry's word: that no pause and no ending is left out, when they were, and which prohibitions of the"
        " performer's own stood at that instant. A log shows what is in it; it cannot show that nothing else happened.",
        "Not judged: how much of a counted consent had been used, whether the organization met its obligations, and the"
        " performer's death. The history does not hold these.",
        "Not in here: the performer's legal name. The registry knows it, and tells it to no organization.",
    ]
    return lines


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _join(parts: Sequence[str]) -> str:
    return ", ".join(shown(each) for each in parts)


def _value(value: JSON) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _broken(digest: str) -> str:
    """A digest in groups, so that it can be compared and breaks where it must."""
    return " ".join(digest[place : place + 8] for place in range(0, len(digest), 8))


def _instant(at: datetime) -> str:
    return at.strftime("%-d %B %Y, %H:%M:%S UTC")
