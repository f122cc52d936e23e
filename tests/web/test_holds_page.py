"""Operators place and lift legal holds, on a page and by a command; erasures that wait are listed without names."""

import argparse
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.web.browserless import Site

UNTIL = datetime(2030, 1, 1, tzinfo=UTC)


def test_an_operator_places_and_lifts_a_hold_on_the_page(site: "Site") -> None:
    from consent.registry.models import LegalHold
    from tests.web.operators import enrol, operator_of

    performer, credential = enrol(site)
    operator, browser = operator_of(site)
    browser.get("/operator/holds")
    sent = {"who": credential, "ground": "A claim about <b>March</b>.", "until": "2030-01-01", "do": "place"}
    for wrong, words in (
        ({"who": "cre_nobody"}, "No key and no consent"),
        ({"ground": ""}, "Write why"),
        ({"until": "2020-01-01"}, "Choose a day to come"),
        ({"until": "soon"}, "Choose a day to come"),
    ):
        browser.post({**sent, **wrong})
        assert browser.status == 422 and words in browser.text
    browser.post(sent)
    hold = LegalHold.objects.get(performer_id=performer)
    assert (hold.placed_by, hold.until) == (operator, UNTIL)
    assert hold.id in browser.text and "&lt;b&gt;March" in browser.text
    browser.post({"do": "lift", "hold": hold.id})
    hold.refresh_from_db()
    assert hold.lifted_by == operator and hold.id not in browser.text


def test_the_commands_do_the_same_and_erase(site: "Site") -> None:
    from consent.registry.errors import OnLegalHold
    from consent.server.operating import erasures, holds
    from tests.web.performing import actor

    ada = actor(site)
    grant = ada.consent()

    def said(module: object, **options: object) -> list[str]:
        return list(module.run(argparse.Namespace(**options), site.ports.registry))  # type: ignore[attr-defined]

    [line] = said(holds, verb="place", who=grant, ground="A claim.", until=UNTIL, actor="ola")
    hold = line.partition(":")[0]
    assert any(hold in each and "A claim." in each for each in said(holds, verb="list", all=False))
    asked = {"verb": "begin", "who": ada.thumbprint, "ground": "performer", "actor": "ola", "yes": True}
    with pytest.raises(OnLegalHold):
        said(erasures, **asked)
    assert said(holds, verb="lift", hold=hold, actor="ola") == [f"{hold} is lifted"]
    assert any("lifted by ola" in each for each in said(holds, verb="list", all=True))
    [line] = said(erasures, **asked)
    assert "every check denies since" in line and "Complete from" in line
    erasure = line.partition(":")[0]
    assert any(each.startswith(erasure) for each in said(erasures, verb="list"))
    assert not any("Adelheid" in each for each in said(erasures, verb="list"))
