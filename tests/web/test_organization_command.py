"""`consent-server organization`: members come in by a link that the command prints."""

import argparse
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.web.browserless import Site


def _said(site: "Site", **options: str) -> list[str]:
    from consent.server.operating.organizations import run

    return list(run(argparse.Namespace(**options), site.ports.registry))


def test_a_member_is_invited_listed_and_let_in_again(site: "Site") -> None:
    from tests.signing.software_authenticator import SoftwareAuthenticator

    organization = site.world.organization()
    named = {"email": "kim@northlight.example", "role": "owner", "name": "Kim Vale"}
    told, link = _said(site, verb="invite-member", organization=organization, **named)
    member = told.partition(":")[0]
    assert "works once, for 7 days" in told and link.startswith("https://registry.example/m/")
    browser = site.browser(SoftwareAuthenticator())
    browser.get(link)
    assert "You are an owner" in browser.text
    browser.use_passkey({"label": "laptop"})
    assert browser.path == "/org/live"
    listed = _said(site, verb="members", organization=organization)
    assert listed == [f"{member}  owner      Kim Vale"]
    _told, second = _said(site, verb="member-link", member=member)
    other = site.browser(SoftwareAuthenticator())
    other.get(second)
    assert "Make another passkey" in other.text
    other.use_passkey({"label": "phone"})
    assert other.path == "/org/live"


def test_nobody_is_invited_to_what_does_not_exist(site: "Site") -> None:
    from consent.registry.errors import NotFound

    named = {"email": "kim@northlight.example", "role": "owner", "name": "Kim Vale"}
    with pytest.raises(NotFound):
        _said(site, verb="invite-member", organization="org_" + "a" * 26, **named)
    with pytest.raises(NotFound):
        _said(site, verb="member-link", member="mem_" + "a" * 26)


def test_the_command_line_knows_the_verbs(capsys: pytest.CaptureFixture[str]) -> None:
    from consent.server.commands.organization import run

    with pytest.raises(SystemExit) as left:
        run(["--help"])
    assert left.value.code == 0
    said = capsys.readouterr().out
    assert "invite-member" in said and "member-link" in said


def test_its_roles_are_those_of_the_registry(database: str) -> None:
    from consent.registry.models.organization import ROLES
    from consent.server.commands.organization import ROLES as OFFERED

    assert set(OFFERED) == set(ROLES)
