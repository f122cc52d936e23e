"""Operators let organizations and their people in."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.web.browserless import Browser, Site

NEW = {"legal_name": "Bright & <b>Sons</b> Ltd", "country": "gb", "contact": "us@bright.example"}


def _let_in(site: "Site", side: str = "test") -> "tuple[str, Browser, str]":
    from tests.web.operators import operator_of

    operator, browser = operator_of(site)
    browser.get("/operator/organizations")
    browser.post({**NEW, "side": side})
    assert browser.status == 200, browser.text
    return operator, browser, browser.path.rsplit("/", 1)[1]


def test_an_organization_comes_in_with_one_side_and_the_event_names_the_operator(site: "Site") -> None:
    from consent.registry.queries.events import events_of_organization

    # Newest first: other tests of this run have been in the future too.
    site.world.clock.forward(days=9 * 365)
    operator, browser, organization = _let_in(site)
    assert "Bright &amp; &lt;b&gt;Sons" in browser.text and "<b>Sons" not in browser.text
    (event,) = events_of_organization(site.ports.registry, livemode=False, organization=organization)
    assert event.body is not None
    assert (event.kind, event.body["actor"], event.body["country"]) == (
        "organization.created",
        operator,
        "GB",
    )
    browser.get("/operator/organizations")
    assert organization in browser.text


@pytest.mark.parametrize(
    "changes",
    [{"country": "XX"}, {"legal_name": ""}, {"contact": "a\x00b"}, {"side": "both"}, {"country": ""}],
)
def test_what_cannot_be_accepted_comes_back_with_the_form(site: "Site", changes: dict[str, str]) -> None:
    from consent.registry.models import Organization
    from tests.web.operators import operator_of

    _, browser = operator_of(site)
    before = Organization.objects.count()
    browser.get("/operator/organizations")
    browser.post({**NEW, "side": "test", **changes})
    assert browser.status == 422 and 'role="alert"' in browser.text
    assert Organization.objects.count() == before


def test_the_other_side_is_opened_apart(site: "Site") -> None:
    from consent.registry.models import OrganizationSide

    _, browser, organization = _let_in(site)
    browser.post({"do": "open", "side": "live"})
    assert set(
        OrganizationSide.objects.filter(organization=organization).values_list("livemode", flat=True)
    ) == {True, False}
    browser.post({"do": "open", "side": "live"})
    assert browser.status == 409


def test_the_link_of_an_invited_member_is_shown_once_and_the_address_never(site: "Site") -> None:
    from consent.registry.models import Member
    from consent.registry.operations.links import link_opens

    _, browser, organization = _let_in(site)
    told = {"do": "invite", "display_name": "Mia <i>M</i>", "email": "mia@bright.example", "role": "owner"}
    browser.post(told)
    assert browser.status == 200 and "mia@bright" not in browser.text and "<i>M" not in browser.text
    token = browser.text.split("/m/")[1].split("<")[0]
    assert link_opens(site.ports.registry, kind="member", token=token)
    assert Member.objects.get(organization=organization).role == "owner"
    browser.get(browser.path)
    assert token not in browser.text and "/m/" not in browser.text


def test_a_member_gets_a_new_link_and_a_strangers_gets_none(site: "Site") -> None:
    from consent.registry.models import Member
    from consent.registry.queries.events import events_of_organization

    operator, browser, organization = _let_in(site)
    browser.post({"do": "invite", "display_name": "Mia", "email": "mia@bright.example", "role": "desk"})
    member = Member.objects.get(organization=organization).id
    browser.post({"do": "link", "member": member})
    assert browser.status == 200 and "/m/" in browser.text
    newest = events_of_organization(site.ports.registry, livemode=False, organization=organization)[0]
    assert newest.kind == "member.invited" and newest.body is not None
    assert newest.body["actor"] == operator

    foreign = site.world.organization()
    for wrong in ("mem_x", "\x00", ""):
        browser.post({"do": "link", "member": wrong})
        assert browser.status == 404
        browser.get(f"/operator/organizations/{organization}")
    browser.get(f"/operator/organizations/{foreign}")
    browser.post({"do": "link", "member": member})
    assert browser.status == 404


@pytest.mark.parametrize("changes", [{"role": "boss"}, {"email": "no address"}, {"display_name": ""}])
def test_an_invitation_that_lacks_something_invites_nobody(site: "Site", changes: dict[str, str]) -> None:
    from consent.registry.models import Member

    _, browser, organization = _let_in(site)
    told = {"do": "invite", "display_name": "Mia", "email": "mia@bright.example", "role": "owner", **changes}
    browser.post(told)
    assert browser.status == 422
    assert not Member.objects.filter(organization=organization).exists()


def test_an_unknown_organization_is_not_there(site: "Site") -> None:
    from tests.web.operators import operator_of

    _, browser = operator_of(site)
    assert browser.get("/operator/organizations/org_aaaaaaaaaaaaaaaaaaaaaaaaaa").status_code == 404


def test_a_long_list_comes_in_parts(site: "Site") -> None:
    from consent.web.operator.organizations import PAGE
    from tests.web.operators import operator_of

    _, browser = operator_of(site)
    for _ in range(PAGE + 1):
        site.world.organization()
    browser.get("/operator/organizations")
    assert browser.text.count("/operator/organizations/org_") == PAGE
    assert f"from={PAGE}" in browser.text
    browser.get(f"/operator/organizations?from={PAGE}")
    assert browser.status == 200 and 'rel="prev"' in browser.text
    assert browser.get("/operator/organizations?from=-1").status_code == 200
