"""`consent-server demo`: the whole story, once, on real input. Ends with `demo: ok`, or with one sentence and 1."""

import statistics
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from consent.client.errors import ConsentError
from consent.client.question import Question
from consent.server.demo.cast import Part, Speaker, of_part, read_cast, rows_of
from consent.server.demo.collecting import collect
from consent.server.demo.desk import Desk
from consent.server.demo.expectation import DemoError, expect_equal
from consent.server.demo.licensees import AUDIOBOOKS, RESEARCH, Licensee
from consent.server.demo.page import Page
from consent.server.demo.past import Past, make_evidence, verify_elsewhere
from consent.server.demo.person import Ending, Person
from consent.server.demo.proofs import Evidence, Verified, verify_evidence
from consent.server.demo.scans import Expected, expect_counts, scan_manifest, show_difference, show_scan
from consent.server.demo.stage import Stage
from consent.server.demo.story import Role, end_and_ask, enrol_all, hold_back, offer_and_answer
from consent.server.embedded.errors import StartError

LICENSEES = (AUDIOBOOKS, RESEARCH)
FOLDER = Path(".demo")
_ROLES: dict[str, Role] = {
    AUDIOBOOKS.name: lambda speaker: None if speaker.part is Part.STRANGER else speaker.part,
    RESEARCH.name: lambda speaker: speaker.studies,
}


def run(folder: Path = FOLDER) -> int:
    """Run the demo in a fresh `folder`; the exit code."""
    page = Page()
    try:
        _play(page, folder.absolute())
    except (DemoError, ConsentError, StartError) as exc:
        sys.stdout.flush()
        sys.stderr.write(f"\ndemo: {exc}\n")
        return 1
    page.end("demo: ok")
    return 0


def _play(page: Page, folder: Path) -> None:
    cast = read_cast()
    page.title(
        f"The consent registry on {rows_of(cast)} real utterances of {len(cast)} speakers, in {_here(folder)}"
    )
    with Stage(folder) as stage:
        page.step("A registry of its own: PostgreSQL, migrations, keys, the web process")
        stage.open()
        page.fact("address", stage.url)
        from consent.server.demo.operating import admit  # noqa: PLC0415  # models exist only now

        desks = {
            each.name: Desk(stage.url, admit(stage.ports, each).secret, trust=stage.trust)
            for each in LICENSEES
        }
        people = _perform(page, stage, cast, desks)
        page.step("Scan the manifest: may we train on these rows?")
        before = {
            each.name: scan_manifest(desks[each.name], each, folder / f"{_slug(each)}-1")
            for each in LICENSEES
        }
        for licensee in LICENSEES:
            expect_counts(licensee.name, before[licensee.name], _expected(cast, licensee, ended=False))
            show_scan(page, licensee.name, before[licensee.name])
        _ask_beyond_scope(page, people, desks[RESEARCH.name])
        ending = _one_who_ends(people)
        question: Question = {**AUDIOBOOKS.question, "external_id": ending.speaker.speaker_id}
        asked = desks[AUDIOBOOKS.name].registry.check(**question)
        page.step(
            "Some performers end their consent; each licensee asks again the moment the answer is there"
        )
        endings = end_and_ask(people, desks, LICENSEES, _ROLES)
        _show_endings(page, endings)
        page.step("Scan again")
        after = {
            each.name: scan_manifest(desks[each.name], each, folder / f"{_slug(each)}-2")
            for each in LICENSEES
        }
        for licensee in LICENSEES:
            expect_counts(licensee.name, after[licensee.name], _expected(cast, licensee, ended=True))
        show_difference(page, [(each.name, before[each.name], after[each.name]) for each in LICENSEES])
        page.step("Evidence of the past: was one of the ended consents given, then, and for what?")
        past = make_evidence(
            desks[AUDIOBOOKS.name].registry,
            AUDIOBOOKS,
            folder / "evidence",
            external_id=ending.speaker.speaker_id,
            before=asked.as_of - timedelta(seconds=1),  # the end may follow within this very second
            decision=asked.decision_id,
        )
        _show_past(page, past)
        evidence = collect(folder, people, desks[AUDIOBOOKS.name], endings)
    page.step("The registry is switched off. Verify what it handed out, with the trust file alone")
    trust_path = folder / "trust.json"
    verified = verify_evidence(evidence, trust_path=trust_path, at=datetime.now(UTC))
    _show_verified(page, verified, evidence, trust_path)
    for each in past:
        verify_elsewhere(each, trust_path=trust_path)
    page.fact(
        "evidence bundles", f"{len(past)} verified without Django and network; refused without --allow-test"
    )
    page.fact("read one yourself", f"unzip {past[0].path}, evidence.pdf and VERIFY.md")


def _perform(page: Page, stage: Stage, cast: Sequence[Speaker], desks: dict[str, Desk]) -> list[Person]:
    """Enrolment, identity checks, offers, signatures, pauses and limits."""
    from consent.server.demo.operating import approve  # noqa: PLC0415  # models exist only now

    strangers = of_part(cast, Part.STRANGER)
    page.step("Performers make their own keys and enrol; an examiner checks who they are")
    people = enrol_all(stage.url, [speaker for speaker in cast if speaker not in strangers])
    page.fact(
        "enrolled and verified as adults",
        approve(stage.ports, [person.key.public.thumbprint for person in people]),
    )
    page.fact("left unknown on purpose", len(strangers))
    page.step("Two companies ask; performers read, sign with their own keys, or decline")
    for licensee in LICENSEES:
        signed = offer_and_answer(people, desks[licensee.name], licensee, _ROLES[licensee.name])
        page.fact(licensee.name, f"{signed} signed: {_scope(licensee)}")
    page.fact("declined", len(of_part(cast, Part.DECLINES)))
    hold_back(people, AUDIOBOOKS, AUDIOBOOKS.question["purpose"])
    page.fact("paused afterwards", len(of_part(cast, Part.PAUSES)))
    page.fact("forbade audiobooks altogether", len(of_part(cast, Part.LIMITS)))
    return people


def _ask_beyond_scope(page: Page, people: Sequence[Person], desk: Desk) -> None:
    """One who signed for Germany is asked for France, and for a use that no line names."""
    name = next(each.speaker.speaker_id for each in people if RESEARCH.name in each.grants)
    base: Question = {**RESEARCH.question, "external_id": name}
    asked: tuple[tuple[str, Question, str], ...] = (
        ("the same question for France", {**base, "territory": "FR"}, "territory"),
        ("speaking with the trained voice", {**base, "use": "infer.voice"}, "out_of_scope"),
    )
    for what, question, reason in asked:
        decision = desk.registry.check(**question)
        expect_equal(f"{RESEARCH.name}, {what}: reasons", got=decision.reasons, expected=(reason,))
        page.fact(f"{RESEARCH.name}: {what}", f"deny: {reason}")


def _expected(cast: Sequence[Speaker], licensee: Licensee, *, ended: bool) -> Expected:
    """The rows of each verdict, from the parts that were dealt."""
    role = _ROLES[licensee.name]
    allowed = {Part.SIGNS} if ended else {Part.SIGNS, Part.ENDS}
    unknown = rows_of([speaker for speaker in cast if role(speaker) is None])
    allow = rows_of([speaker for speaker in cast if role(speaker) in allowed])
    return Expected(allow=allow, deny=rows_of(cast) - allow - unknown, unknown=unknown)


def _scope(licensee: Licensee) -> str:
    return " + ".join(
        f"{line['uses'][0]} for {line['purposes'][0]} in "
        + ", ".join(*(each["allow"] for each in line["constraints"] if each["kind"] == "territory"))
        for line in licensee.lines
    )


def _one_who_ends(people: Sequence[Person]) -> Person:
    return next(each for each in people if each.speaker.part is Part.ENDS)


def _show_past(page: Page, past: Sequence[Past]) -> None:
    sides = (("creating", "creation"), ("publishing", "publication"))
    page.table(
        ["about the instant", *(f"{what}, {when}" for what, _ in sides for when in ("then", "now"))],
        [
            [
                each.verdicts["about"],
                *(each.verdicts[f"{side}_{when}"] for _, side in sides for when in ("then", "now")),
            ]
            for each in past
        ],
    )


def _show_endings(page: Page, endings: Sequence[Ending]) -> None:
    took = sorted(ending.took_ms for ending in endings)
    page.fact("consents ended", len(took))
    page.fact("milliseconds to enforcement", f"p50 {statistics.median(took):.0f}, max {took[-1]:.0f}")
    page.fact("checks right after each answer", f"{len(took)} denied, 0 allowed")


def _show_verified(page: Page, verified: Verified, evidence: Evidence, trust_path: Path) -> None:
    page.fact("receipts", f"{len(evidence.receipts)} verified, with {verified.decisions} decisions")
    page.fact("grant packages", f"{verified.packages} verified")
    page.fact("acknowledgements of endings", f"{verified.acknowledgements} verified")
    page.fact(
        "refused, because they are test evidence", f"{verified.live_refusals}, where only live ones count"
    )
    page.fact("refused, because of one changed byte", verified.altered_refusals)
    page.fact(
        "verify one yourself", f"consent verify --allow-test --trust {trust_path} {evidence.packages[0]}"
    )


def _slug(licensee: Licensee) -> str:
    return licensee.name.lower().replace(" ", "-")


def _here(path: Path) -> Path:
    """The path as one would type it from the folder one is in."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
