"""The page that verifies a file in the visitor's own browser gives the very verdict of `consent verify`."""

import base64
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from consent.cli.main import main
from consent.client.described import describe
from consent.client.evidence import MAX_DOCUMENT_BYTES, Expectations, verify_evidence
from signing.errors import SigningError
from signing.trust import format_trust
from tests.browser.conftest import Visit
from tests.browser.inspecting import Findings, look
from tests.browser.place import Place
from tests.browser.visitor import DESKTOP, Visitor
from tests.signing import samples
from tests.signing.verify_corpus import FOLDER
from tests.web.verify_cases import Case, bent, genuine
from tests.web.verify_resigned import resigned, thinned

pytestmark = pytest.mark.timeout(900)
CORPUS = json.loads((FOLDER / "cases.json").read_text())
# The page knows no trust policy and no bundles: what needs these is verified with the command.
JUDGED = [case for case in CORPUS["cases"] if not case["policy"] and case["kind"] != "evidence bundle"]
AT_ONCE = 200  # files that go to the browser in one message
EVERY = 12  # of the members bent under good signatures: one in so many
SETTLED_MS = 60_000
_JUDGE = """async ({trust, cases}) => {
  const load = (name) => import(`/static/verify/${name}.js`);
  const [{verifyEvidence}, {Trust}, {Refused}] = await Promise.all(['evidence', 'trust', 'refused'].map(load));
  const bytes = (text) => Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
  const known = await Trust.read(bytes(trust));
  const answers = [];
  for (const {data, at, allowTest} of cases) {
    try {
      answers.push({valid: true, ...await verifyEvidence(bytes(data), {trust: known, at, allowTest})});
    } catch (fault) {
      answers.push(fault instanceof Refused ? {valid: false} : {stumbled: String(fault)});
    }
  }
  return answers;
}"""


class VerifyPage:
    """/verify as a visitor uses it: a trust file that they kept, the day to judge at, then one file after the other."""

    def __init__(self, visitor: Visitor, place: Place) -> None:
        self.page = visitor.page
        visitor.go(f"{place.main}/verify")
        self.page.locator("summary").first.click()
        self.page.locator("#trust").set_input_files(FOLDER / "trust.json")
        self.page.locator("#at").fill(CORPUS["at"])
        self.page.locator("#at").blur()
        self.turns = 2  # each change begins to verify anew
        self.chosen: Path | None = None

    def judge(self, path: Path, *, allow_test: bool) -> tuple[str, dict[str, Any]]:
        """What stands in large letters, and the facts behind it."""
        if self.page.locator("#test").is_checked() != allow_test:
            self.page.locator("#test").set_checked(allow_test)
            self.turns += 1
        if self.chosen != path:  # the same file again changes nothing
            self.page.locator("#file").set_input_files(path)
            self.turns += 1
            self.chosen = path
        settled = self.page.locator(f"body[data-verified='{self.turns}']")
        settled.wait_for(state="attached", timeout=SETTLED_MS)
        title, facts = self.page.evaluate(
            "[document.querySelector('#result > strong').innerText, document.getElementById('facts').textContent]"
        )
        return title, json.loads(facts)


def by_command(case: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """What `consent verify --json` says of the file; an empty one is no document to it, and so not valid."""
    capsys.readouterr()
    options = ["--json", *(["--allow-test"] if case["allow_test"] else [])]
    trust = ["--trust", str(FOLDER / "trust.json"), "--at", CORPUS["at"]]
    code = main(["verify", str(FOLDER / case["file"]), *trust, *options])
    told = dict(json.loads(capsys.readouterr().out or '{"valid": false}'))
    assert told["valid"] == (code == 0)
    if isinstance(told.get("status"), dict):  # the page asks no status list, and does not speak of it
        assert told["status"].pop("checked") is False
    return told


def test_every_file_of_the_corpus_is_judged_as_the_command_judges_it(
    visit: Visit, place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[str] = []
    visitor = visit(size=DESKTOP)
    opened = VerifyPage(visitor, place)
    visitor.page.on("request", lambda request: asked.append(f"{request.method} {request.url}"))
    wrong = []
    for case in JUDGED:
        title, facts = opened.judge(FOLDER / case["file"], allow_test=case["allow_test"])
        told = by_command(case, capsys)
        as_large = title.startswith("Valid:") if case["valid"] else title == "Not valid"
        if not as_large or told["valid"] != case["valid"] or told["valid"] != facts["valid"]:
            wrong.append((case["file"], case["allow_test"], case["why"], title, facts, told))
        elif case["valid"] and facts != told:
            wrong.append((case["file"], case["allow_test"], "other facts", title, facts, told))
    assert wrong == []
    files = {f"files/{path.name}" for path in (FOLDER / "files").iterdir() if path.suffix != ".zip"}
    assert files == {case["file"] for case in JUDGED}, "no file was left out"
    # The keys were given, so nothing is asked for but the verifier itself, and nothing is ever told.
    assert {line.rpartition("/")[0] for line in asked} <= {f"GET {place.main}/static/verify"}


@pytest.fixture(scope="module")
def judge(browser: Browser, place: Place) -> Iterator[Page]:
    """The page, whose policy is set aside so that a test may call the verifier many times at once."""
    context = browser.new_context(bypass_csp=True)
    page = context.new_page()
    page.goto(f"{place.main}/verify")
    yield page
    context.close()


def mismatches(page: Page, cases: Sequence[Case]) -> list[Any]:
    """Where the browser and the library differ: in the verdict, or in what a valid file says."""
    wrong: list[Any] = []
    trust = samples.trust()
    for first in range(0, len(cases), AT_ONCE):
        some = cases[first : first + AT_ONCE]
        sent = [
            {
                "data": base64.b64encode(each.data).decode(),
                "at": int(each.at.timestamp() * 1000),
                "allowTest": each.allow_test,
            }
            for each in some
        ]
        keys = base64.b64encode(format_trust(trust)).decode()
        answers = page.evaluate(_JUDGE, {"trust": keys, "cases": sent})
        for each, answer in zip(some, answers, strict=True):
            expectations = Expectations(
                expected_audience=None, expected_statement=None, allow_test=each.allow_test
            )
            try:
                found = verify_evidence(each.data, trust=trust, at=each.at, expectations=expectations)
                facts = {"valid": True, **describe(found, at=each.at, compared=False)}
            except SigningError:
                facts = {"valid": False}
            if answer != json.loads(json.dumps(facts)):
                wrong.append((each.name, answer, facts))
    return wrong


def test_every_kind_of_file_says_the_same_in_both(judge: Page) -> None:
    assert mismatches(judge, genuine()) == []


def test_files_with_one_thing_bent_are_judged_alike(judge: Page) -> None:
    cases = list(bent())
    assert len(cases) > 1000
    assert mismatches(judge, cases) == []


def test_members_bent_under_good_signatures_are_judged_alike(judge: Page) -> None:
    cases = thinned(resigned(), every=EVERY)
    assert len(cases) > 1000
    assert mismatches(judge, cases) == []


def test_what_cannot_be_checked_is_no_verdict(visit: Visit, place: Place, tmp_path: Path) -> None:
    visitor = visit()
    visitor.guard.allow("Failed to load resource")
    page = visitor.page
    receipt = FOLDER / "files" / "allow.receipt"
    large = tmp_path / "voice.wav"
    large.write_bytes(b"x" * (MAX_DOCUMENT_BYTES + 1))
    page.route("**/.well-known/consent-registry", lambda route: route.abort())
    visitor.go(f"{place.main}/verify")
    page.locator("#file").set_input_files(receipt)
    visitor.says("The keys of this registry could not be fetched")
    page.locator("summary").first.click()
    page.locator("#trust").set_input_files(receipt)
    visitor.says("cannot be read as one")
    page.locator("#trust").set_input_files(FOLDER / "trust.json")
    visitor.says("Not valid")  # by the keys, but not today
    page.locator("#at").fill("yesterday")
    page.locator("#at").blur()
    visitor.says("The time to judge at is written otherwise")
    page.locator("#at").fill(CORPUS["at"])
    page.locator("#at").blur()
    visitor.says("Valid: receipt")
    page.locator("#file").set_input_files({"name": "evidence.zip", "mimeType": "", "buffer": b"PK\x03\x04"})
    visitor.says("the command below checks the whole bundle")
    page.locator("#file").set_input_files(large)
    visitor.says("No file from a registry is as large")
    for word in ("Not valid", "Valid:"):
        assert word not in page.locator("#result").inner_text()
    page.route("**/static/verify/evidence.js", lambda route: route.abort())
    page.reload()
    page.locator("#file").set_input_files(receipt)
    visitor.says("could not be loaded")
    assert page.locator("#result > strong").inner_text() == "Could not be checked"


def test_each_outcome_is_readable_on_a_phone_and_wide(visit: Visit, place: Place) -> None:
    visitor = visit(size=DESKTOP)
    findings = Findings()
    opened = VerifyPage(visitor, place)
    for name in ("allow.receipt", "batch.receipt", "log-witnessed.grant.json", "witnessed-inline.proof.json",
                 "ended.ack", "flipped.receipt", "of-test.ack"):  # fmt: skip
        opened.judge(FOLDER / "files" / name, allow_test=False)
        look(visitor.page, f"verify-{name.replace('.', '-')}", findings)
    visitor.page.locator("#at").fill("yesterday")
    visitor.page.locator("#at").blur()
    visitor.says("Could not be checked")
    look(visitor.page, "verify-unable", findings)
    assert findings.faults == []


def test_on_a_phone_the_verdict_comes_into_view(visit: Visit, place: Place) -> None:
    visitor = visit(size=(360, 500))
    VerifyPage(visitor, place).judge(FOLDER / "files" / "allow.receipt", allow_test=False)
    top = visitor.page.evaluate("document.querySelector('#result > strong').getBoundingClientRect().top")
    assert 0 <= top < 500
