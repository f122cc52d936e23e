"""Being forgotten by a key of one's own: as guarded as the page, told the same, and by nobody else."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

if TYPE_CHECKING:
    from tests.api.house import House

PATH = "/v1/me/erasure"
WORD = {"confirm": "erase everything about me, for good"}


@pytest.fixture(scope="module")
def elsewhere() -> list[UUID]:
    """Whom others were told to forget: the pages, in a registry that runs."""
    return []


@pytest.fixture(scope="module")
def erasing(api_log_ports: Any, elsewhere: list[UUID]) -> "Iterator[House]":
    """An API whose pages forget too."""
    from tests.api import house as houses

    with pytest.MonkeyPatch.context() as patch:
        really = houses.ApiPorts
        patch.setattr(
            houses, "ApiPorts", lambda **ports: replace(really(**ports), forget_elsewhere=[elsewhere.append])
        )
        yield houses.build_house(api_log_ports)


def _stands(person: Any) -> bool:
    """Whether nothing was begun."""
    from consent.registry.models import Erasure, Performer

    row = Performer.objects.get(id=person.id)
    return row.erasing_at is None and not Erasure.objects.filter(performer=person.id).exists()


def test_a_performer_is_forgotten_by_their_own_key(erasing: "House", elsewhere: list[UUID]) -> None:
    from consent.registry.models import Grant, StageName
    from consent.registry.operations.complete_erasure import complete_due
    from tests.api.house import client, performer

    world, pipeline = erasing.world, client(erasing)
    person = world.person()
    me, reference = performer(erasing, person), world.reference(pipeline.organization, person)
    grant = str(world.grant(pipeline.organization, person).grant)
    ahead = me("GET", PATH).json
    assert (ahead["consents"], ahead["complete_after_days"], ahead["holds"]) == (1, 7, [])
    assert _stands(person)
    done = me("POST", PATH, WORD)
    assert done.status == 200, done.json
    told = done.json
    assert told["enforced_at"] and told["erased_at"] and told["livemode"] is True
    assert told["page"].endswith(f"/erased/{told['id']}") and elsewhere == [person.id]
    question = {"performer": reference, "use": "train.voice", "territory": "DE", "language": "de"}
    assert pipeline("POST", "/v1/check", {**question, "purpose": "audiobook"}).json["decision"] == "deny"
    assert not Grant.objects.filter(id=grant).exists()
    assert not StageName.objects.filter(performer_id=person.id).exists()
    for method, path, body in (("GET", "/v1/me", None), ("GET", PATH, None), ("POST", PATH, WORD)):
        refused = me(method, path, body)
        assert (refused.status, refused.json["errors"][0]["rule"]) == (401, "kid")
    found = erasing.send("GET", f"/v1/erasures/{told['id']}").json
    assert (found["state"], found["erased_at"]) == ("erased", told["erased_at"])
    assert str(person.id) not in str(found) and reference not in str(found)
    world.clock.forward(days=7, minutes=1)
    complete_due(world.ports)
    assert erasing.send("GET", f"/v1/erasures/{told['id']}").json["state"] == "complete"
    assert erasing.send("GET", "/v1/erasures/era_nobody").status == 404
    assert erasing.send("GET", "/v1/erasures/%00").status == 404


def test_nobody_but_the_holder_of_the_key_can_do_it_and_only_by_a_proof_of_this_very_request(
    erasing: "House",
) -> None:
    from consent.core.wire.keys import SCOPES
    from signing.keys import PrivateKey
    from tests.api.house import Performer, client, performer
    from tests.registry.world import Key

    world, pipeline = erasing.world, client(erasing, scopes=SCOPES)
    person = world.person()
    world.grant(pipeline.organization, person)
    me = performer(erasing, person)
    thief = Performer(house=erasing, key=Key(software=PrivateKey.generate()))
    used = me.proof("GET", "/v1/me")
    assert erasing.send("GET", "/v1/me", headers={"Authorization": used}).status == 200
    proofs = {
        "an organization": f"Bearer {pipeline.secret}",
        "nobody": "",
        "a stranger": thief.proof("POST", PATH),
        "a stranger with the name of the key": me.proof("POST", PATH).rpartition(".")[0] + ".AAAA",
        "used before": used,
        "for reading": me.proof("GET", PATH),
        "for something else": me.proof("POST", "/v1/me/invitations"),
        "for another registry": me.proof("POST", PATH, htu=f"https://elsewhere.example{PATH}"),
        "old": me.proof("POST", PATH, iat=int(world.clock().timestamp()) - 61),
        "of the future": me.proof("POST", PATH, iat=int(world.clock().timestamp()) + 61),
    }
    for who, proof in proofs.items():
        headers = {"Authorization": proof} if proof else {}
        answer = erasing.send("POST", PATH, json_body=WORD, headers=headers)
        assert answer.status == 401, (who, answer.json)
    assert _stands(person)


def test_a_proof_does_it_once(erasing: "House") -> None:
    """Also where the first try was refused: what was sent can be sent by nobody again."""
    from tests.api.house import performer

    person = erasing.world.person()
    proof = {"Authorization": performer(erasing, person).proof("POST", PATH)}
    assert erasing.send("POST", PATH, json_body={"confirm": "yes"}, headers=proof).status == 400
    again = erasing.send("POST", PATH, json_body=WORD, headers=proof)
    assert (again.status, again.json["code"]) == (401, "proof_replayed")
    assert _stands(person)


@pytest.mark.parametrize("body", [{}, {"confirm": ""}, {"confirm": True}, {**WORD, "performer": "prf_x"}, []])
def test_without_the_word_for_it_nothing_is_done(erasing: "House", body: Any) -> None:
    from tests.api.house import performer

    person = erasing.world.person()
    assert performer(erasing, person)("POST", PATH, body).status == 400
    assert _stands(person)


def test_a_legal_hold_is_told_and_stands_against_it(erasing: "House") -> None:
    from consent.registry.models import Grant
    from consent.registry.operations.legal_holds import lift_legal_hold, place_legal_hold
    from tests.api.house import performer

    world = erasing.world
    person = world.person()
    grant = str(world.grant(world.organization(), person).grant)
    until = world.clock() + timedelta(days=30)
    hold = place_legal_hold(
        world.ports,
        livemode=True,
        performer=person.id,
        ground="A court decides.",
        until=until,
        placed_by="op",
    )
    me = performer(erasing, person)
    assert [each["ground"] for each in me("GET", PATH).json["holds"]] == ["A court decides."]
    refused = me("POST", PATH, WORD)
    assert (refused.status, refused.json["code"]) == (409, "on_legal_hold")
    assert (
        f"{until:%Y-%m-%d}" in refused.json["detail"] and "everything may be ended" in refused.json["detail"]
    )
    assert _stands(person) and Grant.objects.get(id=grant).state == "active"
    lift_legal_hold(world.ports, hold=hold, lifted_by="op")
    assert me("POST", PATH, WORD).status == 200


def test_a_key_that_may_not_sign_yet_may_not_erase(erasing: "House") -> None:
    """Whoever got in by a stolen link yesterday does not burn the evidence today."""
    from consent.registry.models import Credential
    from tests.api.house import performer

    world = erasing.world
    person = world.person()
    me, key = performer(erasing, person), Credential.objects.filter(performer_id=person.id)
    key.update(usable_from=world.clock() + timedelta(hours=1))
    waiting = me("POST", PATH, WORD)
    assert (waiting.status, waiting.json["code"]) == (403, "credential_waiting")
    key.update(usable_from=None, state="pending")
    assert me("GET", PATH).json["key_may_from"] is None
    pending = me("POST", PATH, WORD)
    assert (pending.status, pending.json["code"]) == (403, "credential_blocked")
    key.update(state="blocked", blocked_at=world.clock())
    assert me("POST", PATH, WORD).status == 401
    assert _stands(person)


def test_a_store_that_fails_in_the_middle_is_told_as_it_is_and_gone_on_with(
    erasing: "House", monkeypatch: pytest.MonkeyPatch
) -> None:
    from consent.log.errors import KeyStoreUnavailableError
    from consent.log.sealing import Sealer
    from consent.registry.operations.erase_performer import finish_begun
    from tests.api.house import performer

    person = erasing.world.person()

    def away(*args: object) -> None:
        raise KeyStoreUnavailableError("the key store is away")

    with monkeypatch.context() as patch:
        patch.setattr(Sealer, "destroy", away)
        told = performer(erasing, person)("POST", PATH, WORD)
    assert told.status == 200 and told.json["enforced_at"]
    assert (told.json["erased_at"], told.json["complete_from"]) == (None, None)
    where = f"/v1/erasures/{told.json['id']}"
    assert erasing.send("GET", where).json["state"] == "begun"
    finish_begun(erasing.world.ports)
    assert erasing.send("GET", where).json["state"] == "erased"


def test_a_store_that_fails_before_anything_is_decided_answers_503(
    erasing: "House", monkeypatch: pytest.MonkeyPatch
) -> None:
    from consent.log.errors import KeyStoreUnavailableError
    from consent.log.sealing import Sealer
    from tests.api.house import performer

    person = erasing.world.person()

    def away(*args: object, **options: object) -> None:
        raise KeyStoreUnavailableError("the key store is away")

    with monkeypatch.context() as patch:
        patch.setattr(Sealer, "seal", away)
        answer = performer(erasing, person)("POST", PATH, WORD)
    assert (answer.status, answer.json["code"]) == (503, "key_store_unavailable")
    assert _stands(person)
