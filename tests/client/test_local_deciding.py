"""What a local copy decides: as the registry does, and never what only the registry can."""

from typing import Any

import pytest

from consent.client.decision import Decision, Undecided
from consent.client.errors import BadRequest, ConfigurationError, Denied, UnreliableAnswer
from consent.client.registry import Registry
from tests.client.recorded_feed import HOST, OUTPUT, QUESTION, RecordedFeed, Stepped, grant, subject
from tests.client.recorded_registry import CALLER, TEST_KEY, RecordedRegistry

COUNTED = {"kind": "max_outputs", "v": 1, "limit": 10}


def counted() -> dict[str, Any]:
    told = grant()
    lines = [dict(line) for line in told["terms"]["lines"]]
    lines[1]["constraints"] = [*lines[1]["constraints"], COUNTED]
    told["terms"]["lines"] = lines
    return told


def followed(*told: dict[str, Any], **options: Any) -> tuple[RecordedFeed, Stepped]:
    registry = RecordedFeed()
    for each in told or (subject("prf_test_one", grant(), external_ids=["demo"]),):
        registry.change(each)
    stepped = registry.local(**options)
    stepped.follow()
    return registry, stepped


def with_registry_online(registry: RecordedFeed, **verdicts: list[str]) -> RecordedRegistry:
    """The registry itself behind the same address."""
    online = RecordedRegistry(now=registry.at, verdicts=dict(verdicts))
    registry.online = online.send
    return online


def test_a_decision_has_the_members_of_the_registry_s_own() -> None:
    registry, stepped = followed()
    decision = stepped.ask()
    assert decision.allowed
    assert decision.outcome == "allow"
    assert decision.decision_id is None
    assert decision.livemode is False
    assert decision.asked["territory"] == "DE"
    assert decision.grants == ("grt_test_one",)
    assert (decision.reasons, decision.missing, decision.next_step) == ((), (), None)
    assert decision.obligations == ()
    assert decision.position == "ct_h1_1"
    assert decision.as_of == registry.at
    assert decision.explanation is None
    json = decision.to_json()
    members = set(Decision.__dataclass_fields__) - {"allowed", "explanation", "fetch_receipt"}
    assert members | {"decision", "local"} == set(json)


def test_require_raises_a_deny_with_its_reasons() -> None:
    _, stepped = followed()
    assert stepped.local.require(performer="demo", **QUESTION)
    with pytest.raises(Denied) as denied:
        stepped.local.require(performer="stranger", **QUESTION)
    assert denied.value.reasons == ("performer_unknown",)


def test_explain_shows_every_constraint_considered() -> None:
    _, stepped = followed()
    decision = stepped.local.check(performer="demo", explain=True, **(QUESTION | {"territory": "US"}))
    assert decision.explanation is not None
    judged = decision.explanation["constraints"]
    assert isinstance(judged, list)
    assert {
        "grant": "grt_test_one",
        "line": "l1",
        "constraint": "territory",
        "verdict": "territory",
    } in judged


def test_a_grant_that_counts_its_outputs_needs_the_registry() -> None:
    _, stepped = followed(subject("prf_test_one", counted()))
    assert stepped.local.check(performer="prf_test_one", **OUTPUT).reasons == ("needs_online",)
    assert stepped.ask()  # its training line counts nothing


def test_with_a_fallback_the_registry_is_asked_where_only_it_can_decide() -> None:
    registry, stepped = followed(subject("prf_test_one", counted()), online_fallback=True)
    online = with_registry_online(registry)
    decision = stepped.local.check(performer="prf_test_one", **OUTPUT)
    assert isinstance(decision, Decision)
    assert decision.allowed
    asked = len(online.requests)
    assert stepped.ask()
    assert not stepped.ask(territory="US")
    assert len(online.requests) == asked  # what can be decided here is decided here


@pytest.mark.parametrize("selector", [{"persona": "per_test_one"}, {"model": "mdl_test_one"}])
def test_personas_and_models_need_the_registry(selector: dict[str, str]) -> None:
    _, stepped = followed()
    assert stepped.local.check(**selector, **OUTPUT).reasons == ("needs_online",)  # type: ignore[arg-type]


def test_a_receipt_is_had_by_asking_the_registry_the_same_question() -> None:
    registry, stepped = followed()
    online = with_registry_online(registry)
    online_client = online.registry(key=TEST_KEY)
    stepped.local._online = lambda: online_client
    decision = stepped.ask()
    receipt = decision.receipt().verify(at=registry.at, allow_test=True)
    assert receipt.item.allowed
    assert decision.online().asked == decision.asked


def test_a_receipt_that_says_otherwise_than_was_decided_is_not_handed_out() -> None:
    registry, stepped = followed()
    online = with_registry_online(registry, prf_test_one=["no_active_consent"])
    online_client = online.registry(key=TEST_KEY)
    stepped.local._online = lambda: online_client
    with pytest.raises(UnreliableAnswer, match="now says deny"):
        stepped.ask().receipt()


def test_names_mean_whom_the_feed_says_and_follow_when_they_move() -> None:
    registry, stepped = followed(
        subject("prf_test_one", grant(), external_ids=["demo"]), subject("prf_test_two")
    )
    assert stepped.ask("demo")
    assert stepped.ask("external_id:demo")
    assert not stepped.ask("prf_test_two")
    for order in (("prf_test_one", "prf_test_two"), ("prf_test_two", "prf_test_one")):
        # The name moves to the second performer, told in either order, and back.
        moved = {"prf_test_one": [], "prf_test_two": ["demo"]}
        back = {"prf_test_one": ["demo"], "prf_test_two": []}
        for names, allows in ((moved, False), (back, True)):
            for performer in order:
                told = registry.subjects[CALLER, performer]
                registry.change({**told, "external_ids": names[performer]}, "external_id.set")
            stepped.follow()
            assert bool(stepped.ask("demo")) is allows
            assert stepped.ask("prf_test_one")


def test_a_name_that_was_removed_means_nobody() -> None:
    registry, stepped = followed()
    assert stepped.ask("demo")
    registry.change(subject("prf_test_one", grant()), "external_id.removed")
    stepped.follow()
    assert stepped.ask("demo").reasons == ("performer_unknown",)
    assert stepped.ask("prf_test_one")


def for_another(**changes: Any) -> dict[str, Any]:
    """A performer of another licensee, whose grant names the caller as a host."""
    told = grant(recipients=[CALLER])
    return subject(
        "prf_test_theirs", told, licensee=HOST, **({"caller_reference": None, "external_ids": []} | changes)
    )


def test_on_behalf_of_another_a_recipient_may_rely_on_the_grants_that_name_it() -> None:
    _, stepped = followed(for_another(), subject("prf_test_one", grant()))
    assert stepped.ask("prf_test_theirs", on_behalf_of=HOST)
    assert stepped.ask("prf_test_theirs").reasons == ("performer_unknown",)
    assert stepped.ask("prf_test_one", on_behalf_of=HOST).reasons == ("not_a_recipient",)
    assert stepped.ask("prf_test_nobody", on_behalf_of=HOST).reasons == ("not_a_recipient",)
    assert stepped.ask("prf_test_theirs", on_behalf_of="org_test_third").reasons == ("not_a_recipient",)


def test_one_s_own_word_outranks_the_licensee_s() -> None:
    own = subject("prf_test_theirs")  # a reference of one's own that is spelt like theirs
    registry, stepped = followed(own, for_another())
    assert stepped.ask("prf_test_theirs", on_behalf_of=HOST).reasons == ("not_a_recipient",)
    registry.change(for_another(caller_reference="prf_test_theirs"))
    stepped.follow()
    assert stepped.ask("prf_test_theirs", on_behalf_of=HOST)


def test_a_prepared_question_answers_as_the_whole_one() -> None:
    registry, stepped = followed(subject("prf_test_one", grant(), external_ids=["demo"]), for_another())
    ask = stepped.local.question(**QUESTION)
    for performer in ("prf_test_one", "demo", "external_id:demo", "prf_test_nobody", "prf_test_theirs"):
        for _ in range(2):
            assert ask(performer).to_json() == stepped.ask(performer).to_json()
    for_host = stepped.local.question(**QUESTION, on_behalf_of=HOST)
    for performer in ("prf_test_theirs", "prf_test_one"):
        expected = stepped.ask(performer, on_behalf_of=HOST)
        assert for_host(performer).to_json() == expected.to_json()
    registry.change(subject("prf_test_one", ended=["grt_test_one"], ever_signed=True), "grant.ended")
    stepped.follow()
    assert not ask("prf_test_one")
    assert not ask("demo")
    registry.context = {"base_model": "gpt-voice"}
    stepped.follow()
    assert ask("prf_test_one").asked["base_model"] == "gpt-voice"


def test_a_prepared_question_on_behalf_of_another_is_about_their_consents() -> None:
    theirs = for_another(caller_reference="prf_test_one")
    _, stepped = followed(subject("prf_test_one", grant()), theirs)
    assert stepped.ask("prf_test_one")  # one's own consents are at hand by now
    for_host = stepped.local.question(**QUESTION, on_behalf_of=HOST)
    assert for_host("prf_test_one").allowed
    assert for_host("prf_test_one").asked["on_behalf_of"] == HOST


def test_a_prepared_question_is_refused_when_it_is_made() -> None:
    _, stepped = followed()
    with pytest.raises(ConfigurationError):
        stepped.local.question(territory="DE")
    with pytest.raises(ConfigurationError):
        stepped.local.question(use="train.voice", performers=["prf_test_one"])


def test_all_performers_of_a_scene_must_allow() -> None:
    registry, stepped = followed(
        subject("prf_test_one", grant()), subject("prf_test_two", grant("grt_test_two"))
    )
    scene = {"performers": ["prf_test_one", "prf_test_two"], **QUESTION}
    assert stepped.local.check(**scene).grants == ("grt_test_one", "grt_test_two")  # type: ignore[arg-type]
    registry.change(subject("prf_test_two", grant("grt_test_two", state="paused")))
    stepped.follow()
    assert stepped.local.check(**scene).reasons == ("no_active_consent",)  # type: ignore[arg-type]


def test_limits_deaths_and_states_of_the_feed_deny() -> None:
    never = {"v": 1, "schema": "consent-registry/limits/v1", "never": [{"uses": ["train.voice"]}]}
    for changes, reason in (
        ({"limits": never}, "performer_limits"),
        ({"limits": {"v": 9}}, "performer_limits"),
        ({"deceased_at": "2027-02-01T00:00:00Z"}, "no_active_consent"),
        ({"known": False}, "performer_unknown"),
    ):
        _, stepped = followed(subject("prf_test_one", grant(), **changes))
        assert reason in stepped.ask().reasons
    for state in ("paused", "signed"):
        _, stepped = followed(subject("prf_test_one", grant(state=state)))
        assert stepped.ask().reasons == ("no_active_consent",)
    _, stepped = followed(subject("prf_test_one", prior_record=True))
    assert stepped.ask().reasons == ("prior_record_unsigned",)


@pytest.mark.parametrize(
    "changes",
    [
        {"v": 2},
        {"schema": "consent-registry/grant/v2"},
        {"valid_until": None},
        {"valid_from": "soon"},
        {"lines": [{"id": "l1", "uses": ["train.voice"], "unknown": True}]},
        {"prohibitions": [{"unknown": True}]},
        {"obligations": ["unknown"]},
    ],
)
def test_terms_that_cannot_be_read_deny(changes: dict[str, Any]) -> None:
    _, stepped = followed(subject("prf_test_one", grant(**changes)))
    assert "unknown_term" in stepped.ask().reasons


def test_terms_without_dates_are_not_taken_for_terms_whose_dates_are_kept_apart() -> None:
    told = grant("grt_test_two")
    bare = {name: value for name, value in told["terms"].items() if not name.startswith("valid_")}
    _, stepped = followed(subject("prf_test_one", grant()), subject("prf_test_two", {**told, "terms": bare}))
    assert stepped.ask("prf_test_one")
    assert "unknown_term" in stepped.ask("prf_test_two").reasons


def test_many_are_asked_once_each_and_answered_in_order() -> None:
    _, stepped = followed()
    questions = [
        {"performer": performer, **QUESTION} for performer in ("demo", "nobody", "demo", "prf_test_one")
    ]
    seen: list[tuple[int, int]] = []
    answers = stepped.local.check_many(questions, progress=lambda done, whole: seen.append((done, whole)))
    assert [bool(answer) for answer in answers] == [True, False, True, True]
    assert seen == [(3, 3)]
    with pytest.raises(BadRequest):
        stepped.local.check_many([{"performer": "demo", **QUESTION, "territory": "EU"}])
    (left,) = stepped.local.check_many(
        [{"performer": "demo", **QUESTION, "territory": "EU"}], on_error="skip"
    )
    assert isinstance(left, Undecided)


def test_the_same_terms_are_kept_once() -> None:
    _, stepped = followed(*(subject(f"prf_test_p{n}", grant(f"grt_test_g{n}")) for n in range(50)))
    assert stepped.memory.picture is not None
    assert len(stepped.memory.picture.table.documents) == 1


def test_no_decision_is_kept() -> None:
    registry, stepped = followed()
    first = stepped.ask()
    assert stepped.ask() is not first
    picture = stepped.memory.picture
    assert picture is not None
    name = "prf_test_one"
    registry.change(subject(name, grant(valid_until="2027-03-01T12:00:02Z")))
    stepped.follow()
    assert not stepped.ask() or registry.at.second < 2
    registry.boot.now += 5
    assert not stepped.ask()
    assert picture.known[name].facts.subjects[0].reference == name


def test_a_local_registry_is_made_with_all_that_it_needs() -> None:
    registry = RecordedFeed()
    for wrong in ({"verify": "nobody"}, {"max_staleness": 5000}):
        with pytest.raises(ConfigurationError):
            Registry.local(
                "https://registry.example",
                TEST_KEY,
                trust=registry.trust,
                **wrong,  # type: ignore[arg-type]
            )
