"""The performer's client: proofs made afresh, statements verified by the other side, answers read strictly."""

from typing import Any

import pytest

from consent.client.errors import BadRequest, ConfigurationError, UnreliableAnswer
from consent.client.performer import statements
from consent.client.transport import HttpResponse
from consent.core.wire.grants import CurrentLimits
from tests.client.recorded_performer_side import GRANT, OFFER, RecordedPerformerSide
from tests.client.recorded_registry import json_response, problem


def test_every_request_carries_a_new_proof_of_the_key() -> None:
    side = RecordedPerformerSide()
    account = side.account()
    account.me()
    account.offer(OFFER)
    list(account.offers())
    account.decline(OFFER)
    account.request_changes(OFFER, "less")
    account.enrol(livemode=False, stage_names=["Mo Star"], identity={}, label="x")
    account.accept("code")
    assert account.dry_run(OFFER).could_not[0].reasons == ["territory"]
    assert len(side.proofs) == len(side.requests) == 8


def test_a_retried_request_has_a_proof_of_its_own_and_the_same_idempotency_key() -> None:
    side = RecordedPerformerSide()
    side.pages["/v1/statements"] = problem(503, "commit_unknown")
    account = side.account()
    grant = account.grant(GRANT)
    body = statements.revocation(grant, grant_sha256="0" * 64, key=side.key)
    with pytest.raises(Exception, match="commit_unknown"):
        account.submit(statements.sign(body, side.key))
    sent = [request for request in side.requests if request.url.endswith("/statements")]
    assert len(sent) == 3
    assert len({request.headers["Authorization"] for request in sent}) == 3
    assert len({request.headers["Idempotency-Key"] for request in sent}) == 1


def test_a_request_that_still_runs_is_asked_about_again() -> None:
    side = RecordedPerformerSide()
    side.pages["/v1/statements"] = problem(409, "idempotency_running", retry_after="1")
    grant = side.account().grant(GRANT)
    body = statements.suspension(grant, grant_sha256="0" * 64, key=side.key)
    with pytest.raises(Exception, match="409"):
        side.account().submit(statements.sign(body, side.key))
    assert sum(request.url.endswith("/statements") for request in side.requests) == 3


def test_statements_of_every_kind_are_accepted_by_a_verifier() -> None:
    side = RecordedPerformerSide()
    account = side.account()
    grant = account.grant(GRANT)
    for make in (statements.suspension, statements.resumption, statements.revocation):
        account.submit(statements.sign(make(grant, grant_sha256="0" * 64, key=side.key), side.key))
    wanted = [{"uses": ["train.voice", "edit.undress"]}, {"purposes": ["political"]}]
    account.submit(statements.sign(statements.limits(account.limits(), wanted, key=side.key), side.key))
    kinds = [each["body"]["schema"].split("/")[1] for each in side.statements]
    assert kinds == ["suspension", "resumption", "revocation", "limits"]
    assert side.statements[-1]["body"]["never"][0] == {"uses": ["edit.undress", "train.voice"]}


def test_whoever_does_not_wait_is_told_that_nothing_is_enforced_yet() -> None:
    side = RecordedPerformerSide()
    account = side.account()
    body = statements.revocation(account.grant(GRANT), grant_sha256="0" * 64, key=side.key)
    envelope = statements.sign(body, side.key)
    hurried = account.submit(envelope, wait="committed")
    assert (hurried.enforced_at, hurried.acknowledgement) == (None, None)
    waited = account.submit(envelope)
    assert waited.enforced_at is not None and waited.acknowledgement is not None
    urls = [request.url.partition("/v1/statements")[2] for request in side.requests[1:]]
    assert urls == ["?wait=committed", ""]
    with pytest.raises(ConfigurationError, match="expected enforced or committed"):
        account.submit(envelope, wait="soon")  # type: ignore[arg-type]


def test_limits_follow_the_last_version_and_may_be_empty() -> None:
    side = RecordedPerformerSide()
    current = CurrentLimits(livemode=False, version=3, body_sha256="1" * 64, body={})
    body = statements.limits(current, [], key=side.key)
    assert (body["version"], body["previous_sha256"]) == (4, "1" * 64)
    assert "never" not in body


@pytest.mark.parametrize("offer", ["", "off_../../keys", "grt_test_one", "off_test_one?x=1", "off_x\r\n"])
def test_what_is_no_id_is_never_put_into_an_address(offer: str) -> None:
    side = RecordedPerformerSide()
    with pytest.raises(ConfigurationError, match="expected an id such as off_"):
        side.account().offer(offer)
    assert side.requests == []


@pytest.mark.parametrize(
    "page",
    [
        json_response({"data": {}, "next_cursor": None}),
        json_response({"data": [{}], "next_cursor": None}),
        json_response({"data": [], "next_cursor": 7}),
        json_response({"data": [], "next_cursor": "a&b"}),
        json_response({"data": []}),
    ],
)
def test_a_list_of_another_form_is_unreliable(page: HttpResponse) -> None:
    side = RecordedPerformerSide(pages={"/v1/me/offers": page})
    if page.body == b'{"data": []}':
        assert list(side.account().offers()) == []
        return
    with pytest.raises(UnreliableAnswer):
        list(side.account().offers())


def test_a_list_without_an_end_is_given_up() -> None:
    endless = json_response({"data": [], "next_cursor": "again"})
    side = RecordedPerformerSide(pages={"/v1/me/grants": endless})
    with pytest.raises(UnreliableAnswer, match="at most 100 pages"):
        list(side.account().grants())


@pytest.mark.parametrize("path", ["/v1/me", "/v1/me/grants/grt_test_one", "/v1/me/limits"])
@pytest.mark.parametrize("value", [{}, {"livemode": "yes"}, {"id": 1}])
def test_a_malformed_answer_is_unreliable(path: str, value: dict[str, Any]) -> None:
    side = RecordedPerformerSide(pages={path: json_response(value)})
    account = side.account()
    reads = {"/v1/me": account.me, "/v1/me/limits": account.limits}
    with pytest.raises(UnreliableAnswer, match="malformed"):
        reads.get(path, lambda: account.grant(GRANT))()


def test_a_refusal_of_the_registry_is_a_readable_error() -> None:
    side = RecordedPerformerSide(pages={"/v1/me": problem(409, "state_conflict")})
    with pytest.raises(BadRequest, match="state_conflict"):
        side.account().me()
    assert "PrivateKey" in repr(side.account())
