"""Ending: one page, one button, the instant to the millisecond, and the same answer ever after."""

import hashlib
import re
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from signing.canonical import canonicalize

if TYPE_CHECKING:
    from tests.web.browserless import Site

INSTANT = re.compile(r"[0-9]{1,2} \w+ 20[0-9]{2}, [0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3} UTC")


def _enforced(grant: str) -> Any:
    from consent.log.models import Enforcement
    from consent.registry.models import GrantEnding

    return Enforcement.objects.get(event_id=GrantEnding.objects.get(grant=grant).event).enforced_at


def _event_sha256(site: "Site", grant: str) -> str:
    """The digest of the recorded ending, which an acknowledgement without a signature names."""
    from consent.log.events import open_event
    from consent.log.models import Event
    from consent.registry.models import GrantEnding

    row = Event.objects.get(event_id=GrantEnding.objects.get(grant=grant).event)
    return hashlib.sha256(
        canonicalize(dict(open_event(row, ports=site.ports.registry.log).event))
    ).hexdigest()


def test_from_home_to_the_answer_are_three_screens_and_no_script(site: "Site") -> None:
    from consent.registry.models import GrantEnding
    from tests.web.performing import actor, words

    ada = actor(site)
    grant = ada.consent()
    page = ada.browser
    page.screens.clear()
    page.get("/home")
    assert f'href="/consents/{grant}/end"' in page.text
    page.get(f"/consents/{grant}/end")
    assert "<script" not in page.text
    assert page.text.count('class="btn end big"') == 1
    page.post({"do": "now"})
    assert page.screens == ["main:/home", f"main:/consents/{grant}/end", f"main:/consents/{grant}/end"]
    said = words(page.text)
    assert "Ended. Northlight Audio GmbH may no longer use your voice." in said
    assert "by you, on this website" in said and "signed by the registry" in said
    assert (
        "The copy of you must be deleted within 30 days, with proof. That is until 31 December 2026." in said
    )
    assert GrantEnding.objects.get(grant=grant).authority == "session"
    enforced = _enforced(grant)
    told = INSTANT.search(said)
    assert told is not None and enforced.strftime("%H:%M:%S.%f")[:-3] in told[0]


def test_looking_again_and_ending_twice_answer_the_same(site: "Site") -> None:
    from consent.registry.models import GrantEnding
    from tests.web.performing import actor, words

    ada = actor(site)
    grant = ada.consent()
    page = ada.browser
    page.get(f"/consents/{grant}/end")
    page.post({"do": "now"})
    first = words(page.text)
    assert INSTANT.search(first)
    page.get(f"/consents/{grant}/end")
    assert words(page.text) == first
    page.get(
        f"/consents/{ada.consent()}/end"
    )  # the form again, as a double click, going back or a retry sends it
    page.post({"do": "now"}, to=f"/consents/{grant}/end")
    assert words(page.text) == first
    page.post({"do": "sign"}, to=f"/consents/{grant}/end", token=False)
    assert page.status == 403  # no form of ours
    page.get(f"/consents/{ada.consent()}/end")
    page.post({"do": "sign"}, to=f"/consents/{grant}/end")
    assert words(page.text) == first
    assert GrantEnding.objects.filter(grant=grant).count() == 1


def test_two_tabs_end_at_once_and_read_the_same_instant(site: "Site") -> None:
    from django.db import connections

    from consent.registry.models import GrantEnding
    from tests.web.performing import actor, enter, words

    ada = actor(site)
    grant = ada.consent()
    browsers = []
    for _tab in range(2):
        ada.browser = site.browser(ada.device.passkey)
        enter(ada)
        ada.browser.get(f"https://registry.example/consents/{grant}/end")
        browsers.append(ada.browser)
    together, answers = threading.Barrier(2), []

    def end(browser: Any) -> None:
        try:
            together.wait()
            browser.post({"do": "now"})
            answers.append((browser.status, words(browser.text)))
        finally:
            connections.close_all()

    tabs = [threading.Thread(target=end, args=(browser,)) for browser in browsers]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join()
    assert len(answers) == 2 and answers[0] == answers[1]
    assert answers[0][0] == 200 and "Enforced everywhere since" in answers[0][1]
    assert GrantEnding.objects.filter(grant=grant).count() == 1


def test_every_check_after_the_answer_denies(site: "Site") -> None:
    from tests.web.performing import actor

    ada = actor(site)
    organization = ada.organization()
    grant = ada.sign(ada.request(organization))
    reference = site.world.reference(organization, ada)  # type: ignore[arg-type]  # it has an id
    assert site.world.ask(organization, reference).allowed
    ada.browser.get(f"/consents/{grant}/end")
    ada.browser.post({"do": "now"})
    assert not site.world.ask(organization, reference).allowed


def test_the_acknowledgement_verifies_and_names_the_instant_of_the_page(site: "Site") -> None:
    from signing.acknowledgement import verify_acknowledgement
    from tests.registry.trusting import trust_of
    from tests.web.performing import actor

    ada = actor(site)
    grant = ada.consent()
    ada.browser.get(f"/consents/{grant}/end")
    ada.browser.post({"do": "now"})
    answer = ada.browser.get(f"/consents/{grant}/acknowledgement")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{grant}.ended.jws"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    told = verify_acknowledgement(
        answer.content.decode(), trust=trust_of(site.world), expected_body_sha256=_event_sha256(site, grant)
    )
    assert (told.grant, told.authority, told.statement) == (grant, "session", None)
    enforced = _enforced(grant)
    assert told.enforced_at == enforced - timedelta(microseconds=enforced.microsecond % 1000)


def test_the_files_of_a_consent_are_exact_and_for_its_performer_only(site: "Site") -> None:
    from consent.registry.models import Statement
    from consent.registry.operations.read_package import opened_statement
    from tests.web.performing import actor

    ada, bo = actor(site), actor(site)
    grant = ada.consent()
    opened = opened_statement(Statement.objects.get(id=grant), site.ports.registry)
    text = ada.browser.get(f"/consents/{grant}/text")
    assert text.content == opened["text"].encode()
    assert "sandbox" in text.headers["Content-Security-Policy"]
    package = ada.browser.get(f"/consents/{grant}/package")
    assert package.headers["Content-Disposition"] == f'attachment; filename="{grant}.grant.json"'
    assert ada.browser.get(f"/consents/{grant}/acknowledgement").status_code == 404
    for address in ("", "/end", "/text", "/package", "/acknowledgement"):
        assert bo.browser.get(f"/consents/{grant}{address}").status_code == 404


def test_a_stop_is_not_told_before_it_is_enforced(site: "Site") -> None:
    """Somebody else's stop was committed a moment ago: each page that tells of it waits first."""
    from consent.log.models import Enforcement
    from consent.registry.models import GrantEnding, GrantHold
    from consent.registry.operations.revoke_grant import revoke_by_operator
    from consent.registry.operations.suspend_grant import suspend_by_holder
    from tests.web.performing import actor, words

    ada = actor(site)
    registry = site.ports.registry
    for path in ("/home", "/consents", "/consents/{}", "/me/export"):
        grant = ada.consent()
        suspend_by_holder(registry, livemode=True, grant=grant, holder="operator", reason="a court asks")
        event = GrantHold.objects.get(grant=grant).event
        assert Enforcement.objects.get(event_id=event).enforced_at is None
        answer: Any = ada.browser.get(path.format(grant))
        if answer.streaming:
            list(answer.streaming_content)
        else:
            assert "paused by the registry" in words(ada.browser.text)
        assert Enforcement.objects.get(event_id=event).enforced_at is not None
    grant = ada.consent()
    revoke_by_operator(registry, livemode=True, grant=grant, actor="ops", reason="a court ordered it")
    event = GrantEnding.objects.get(grant=grant).event
    ada.browser.get(f"/consents/{grant}/end")
    assert "by the registry" in words(ada.browser.text)
    assert Enforcement.objects.get(event_id=event).enforced_at is not None


def test_what_ended_by_itself_says_so_and_needs_no_button(site: "Site") -> None:
    from consent.registry.operations.sweep_grants import expire_due
    from tests.web.performing import actor, enter, words

    ada = actor(site)
    grant = ada.consent()
    site.world.clock.forward(days=366 * 2)
    enter(ada)
    page = ada.browser
    page.get(f"/consents/{grant}/end")
    assert "ran out on 1 December 2028" in words(page.text)
    page.post({"do": "now"})
    expire_due(site.ports.registry, livemode=True)
    page.get(f"/consents/{grant}/end")
    assert page.status == 200


def test_another_site_ends_nothing(site: "Site") -> None:
    from consent.registry.models import Grant
    from tests.web.performing import actor

    ada = actor(site)
    grant = ada.consent()
    page = ada.browser
    page.get(f"/consents/{grant}/end")
    sent = {**page.hidden(), "do": "now"}
    for origin in ("https://evil.example", "https://sign.registry.example", "null"):
        assert page.post(sent, to=f"/consents/{grant}/end", token=False, origin=origin).status_code == 403
    assert page.post({"do": "now"}, to=f"/consents/{grant}/end", token=False).status_code == 403
    assert page.get(f"/consents/{grant}/pause").status_code == 405
    assert Grant.objects.get(id=grant).state == "active"
