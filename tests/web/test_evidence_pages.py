"""The buttons on the two pages of a consent: one press, the same evidence for both, and for nobody else."""

from typing import TYPE_CHECKING, Any

import pytest

from consent.client.evidence_bundles import verify_whole
from signing.evidence_bundle import VerifiedBundle
from signing.trust import parse_trust

if TYPE_CHECKING:
    from tests.web.browserless import Site
    from tests.web.organization_world import Company


@pytest.fixture
def company(site: "Site") -> "Company":
    """A company of this test's own."""
    from tests.web.organization_world import Company

    return Company.of(site)


def proven(company: "Company", data: bytes) -> VerifiedBundle:
    """What a downloaded bundle proves."""
    ports = company.site.ports
    return verify_whole(
        data,
        trust=parse_trust(ports.trust()),
        at=ports.registry.clock(),
        expected_organization=company.id,
    )


def test_whoever_may_see_a_consent_gets_evidence_of_it(company: "Company") -> None:
    _person, grant = company.consent()
    browser = company.enter("desk")
    page = browser.get(f"/org/live/consents/{grant}").content.decode()
    assert "Evidence of this consent" in page and "/docs/evidence" in page
    answer: Any = browser.post({}, to=f"/org/live/consents/{grant}/evidence")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{grant}.evidence.zip"'
    assert answer.headers["Content-Type"] == "application/zip"
    found = proven(company, answer.content)
    assert list(found.packages) == [grant]
    assert {each.now.outcome for each in found.answer.questions} == {"allow"}


def test_reading_the_address_makes_nothing(company: "Company") -> None:
    _person, grant = company.consent()
    browser = company.enter("desk")
    answer = browser.get(f"/org/live/consents/{grant}/evidence")
    assert answer.headers.get("Content-Type") != "application/zip"


def test_the_performer_has_the_same_button_and_the_same_file(site: "Site") -> None:
    from tests.web.performing import actor

    ada = actor(site)
    grant = ada.consent()
    page = ada.browser.get(f"/consents/{grant}").content.decode()
    assert "Evidence of this consent" in page
    answer: Any = ada.browser.post({}, to=f"/consents/{grant}/evidence")
    assert answer.headers["Content-Type"] == "application/zip"
    found = verify_whole(
        answer.content,
        trust=parse_trust(site.ports.trust()),
        at=site.ports.registry.clock(),
        expected_organization=None,
    )
    assert list(found.packages) == [grant]
    assert ada.browser.get(f"/consents/{grant}/evidence").status_code == 405
