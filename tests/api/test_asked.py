"""Who asked how often is for the performer, and for the organization that asked; nobody else reads it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.api.house import House


def test_checks_are_counted_for_who_asked_and_for_whom_they_are_about(house: "House") -> None:
    from consent.check.ledger.shipping import ship
    from tests.api.house import client, granted, performer

    of = granted(house)
    host = client(house)
    for _ in range(3):
        assert of.ask().json["decision"] == "allow"
    assert of.ask(use="train.likeness").json["decision"] == "deny"
    me = performer(house, of.person)
    assert me("GET", "/v1/me/asked").json == {"livemode": True, "days": []}
    house.ledger.seal(True)
    ship(house.ledger.folder, objects=house.ports.registry.log.objects, clock=house.world.clock)
    assert me("GET", "/v1/me/asked").json["days"] == [
        {
            "day": "2026-12-01",
            "organization": of.pipeline.organization,
            "legal_name": "Northlight Audio GmbH",
            "allowed": 3,
            "denied": 1,
        }
    ]
    path = f"/v1/grants/{of.grant}/checks"
    assert of.pipeline("GET", path).json == {
        "grant": of.grant,
        "livemode": True,
        "days": [{"day": "2026-12-01", "allowed": 3}],
    }
    assert host("GET", path).status == 404
