"""The client and the API hold each other's contract: real views, real rows, real signatures, no socket."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from consent.client.described import describe
from consent.client.errors import BadRequest, Unauthorized, Unavailable
from consent.client.evidence import Expectations, verify_evidence
from consent.client.manifests.columns import Columns
from consent.client.manifests.scan import scan
from consent.client.manifests.source import open_manifest
from consent.client.manifests.verdicts import Verdict
from consent.client.performer import statements
from consent.client.performer.account import PerformerAccount
from consent.client.performer.agreement import check_prepared
from consent.client.registry import Registry
from consent.client.transport import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from tests.api.house import Client, House

ORIGIN = "https://registry.example"
QUESTION: dict[str, Any] = {"use": "train.voice", "territory": "DE", "language": "de", "purpose": "audiobook"}


@dataclass
class HouseTransport:
    """The client's transport, straight into the API."""

    house: "House"

    def send(self, request: HttpRequest) -> HttpResponse:
        answer = self.house.send(
            request.method,
            request.url.removeprefix(ORIGIN),
            data=request.body,
            headers=dict(request.headers),
        )
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return HttpResponse(status=answer.status, headers=headers, body=answer.data)


@dataclass
class Story:
    """One performer and one pipeline of one organization, and a signed grant between them."""

    house: "House"
    pipeline: "Client"
    account: PerformerAccount
    key: Any
    reference: str
    grant: str

    def registry(self, **options: Any) -> Registry:
        settings: dict[str, Any] = {"trust": self.house.trust, "now": self.house.world.clock}
        return Registry(
            ORIGIN, self.pipeline.secret, transport=HouseTransport(self.house), **(settings | options)
        )


@pytest.fixture
def story(house: "House") -> Story:
    """An invitation sent by the organization, taken up, read and signed by the performer's own client."""
    from tests.api.house import client
    from tests.registry.terms import terms

    pipeline = client(house)
    offer = pipeline("POST", "/v1/offers", {"terms": terms()}).json["id"]
    sent = pipeline(
        "POST",
        f"/v1/offers/{offer}/send",
        {"invitation": {"language": "en"}},
        headers={"Idempotency-Key": offer},
    )
    key = house.world.person().key.software
    assert key is not None
    account = PerformerAccount(ORIGIN, key, transport=HouseTransport(house), now=house.world.clock)
    redeemed = account.accept(sent.json["invitation"]["code"])
    read = account.offer(offer)
    prepared = account.prepare(offer, language="en", performer_name=None)
    check_prepared(
        prepared,
        offer=read,
        expected_credential=key.public.thumbprint,
        expected_language="en",
        expected_performer_name=None,
    )
    accepted = account.submit(statements.sign(prepared.body, key))
    assert accepted.state == "active"
    return Story(house, pipeline, account, key, redeemed.performer, prepared.grant)


def test_sign_ask_end_and_be_refused_with_every_receipt_verified(story: Story) -> None:
    registry = story.registry()
    for receipt in ("inline", "deferred"):
        decision = registry.check(performer=story.reference, receipt=receipt, **QUESTION)
        assert decision, decision.reasons
        assert decision.grants == (story.grant,)
        assert decision.receipt().verify(at=story.house.world.clock()).item.allowed
    grant = story.account.grant(story.grant)
    body = statements.revocation(grant, grant_sha256=grant.grant_sha256, key=story.key)
    ended = story.account.submit(statements.sign(body, story.key))
    assert ended.enforced_at is not None
    denied = registry.check(performer=story.reference, receipt="inline", at_least=ended.committed, **QUESTION)
    assert not denied
    assert denied.reasons == ("no_active_consent",)


def test_a_batch_of_real_answers_is_held_against_its_real_receipt(story: Story) -> None:
    asked = [
        {"performer": story.reference, **QUESTION},
        {"performer": "nobody-we-know", **QUESTION},
        {"performer": story.reference, **(QUESTION | {"content_tier": "nudity"})},
        {"performer": story.reference, **QUESTION},
    ]
    answers = story.registry().check_many(asked)
    assert [bool(answer) for answer in answers] == [True, False, False, True]


def test_a_manifest_scan_against_the_real_registry(story: Story, tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text(f"who,file\n{story.reference},a.wav\nstranger,b.wav\n{story.reference},c.wav\n,d.wav\n")
    report = scan(
        open_manifest(path),
        columns=Columns(mapped={"performer": "who"}, constants=QUESTION),
        registry=story.registry(),
        folder=tmp_path / "report",
        now=story.house.world.clock,
    )
    assert {verdict: count for verdict, count in report.counts.items() if count} == {
        Verdict.ALLOW: 2,
        Verdict.UNKNOWN_SUBJECT: 1,
        Verdict.INVALID: 1,
    }


def test_a_real_package_verifies_offline_and_says_who_introduced_the_key(story: Story) -> None:
    data = story.account.package(story.grant)
    expectations = Expectations(expected_audience=None, expected_statement=None, allow_test=False)
    at = story.house.world.clock()
    proven = describe(
        verify_evidence(data, trust=story.house.trust, at=at, expectations=expectations),
        at=at,
        compared=False,
    )
    assert (proven["grant"], proven["proof"]) == (story.grant, "pending")
    keys = proven["keys"]
    assert isinstance(keys, list)
    assert [key["introduced_by"] for key in keys] == ["registry"]


def test_pause_resume_and_limits_are_accepted_as_the_client_signs_them(story: Story) -> None:
    registry, account = story.registry(), story.account
    grant = account.grant(story.grant)
    for make, allowed in ((statements.suspension, False), (statements.resumption, True)):
        body = make(grant, grant_sha256=grant.grant_sha256, key=story.key)
        account.submit(statements.sign(body, story.key))
        assert bool(registry.check(performer=story.reference, **QUESTION)) is allowed
    never = statements.limits(account.limits(), [{"purposes": ["audiobook"]}], key=story.key)
    account.submit(statements.sign(never, story.key))
    limited = registry.check(performer=story.reference, **QUESTION)
    assert limited.reasons == ("performer_limits",)
    assert account.limits().version == 1


def test_reading_verbs_of_the_performer_are_answered_in_the_client_s_types(story: Story) -> None:
    account = story.account
    assert account.me().identity.state == "verified"
    (offer,) = account.offers()
    assert account.dry_run(offer.id).could
    assert [grant.id for grant in account.grants()] == [story.grant]


def test_real_refusals_are_typed_errors(story: Story) -> None:
    registry = story.registry()
    with pytest.raises(BadRequest):
        registry.check(performer=story.reference, **(QUESTION | {"use": "train"}))
    with pytest.raises(BadRequest) as unknown:
        registry.check(performer=story.reference, at_least="ct_nonsense", **QUESTION)
    assert unknown.value.status in {400, 409}
    stranger = Registry(ORIGIN, "crk_live_" + "a" * 43, transport=HouseTransport(story.house))
    with pytest.raises(Unauthorized):
        stranger.check(performer=story.reference, **QUESTION)
    with pytest.raises((BadRequest, Unavailable)):
        story.account.decline("off_" + "a" * 26)


def test_a_repeated_statement_acts_once(story: Story) -> None:
    grant = story.account.grant(story.grant)
    envelope = statements.sign(
        statements.revocation(grant, grant_sha256=grant.grant_sha256, key=story.key), story.key
    )
    first, second = story.account.submit(envelope), story.account.submit(envelope)
    assert (first.id, first.enforced_at) == (second.id, second.enforced_at)
