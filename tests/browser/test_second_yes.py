"""Adult terms, and work in person that is replaced: a yes that counts only when it is said again, in calm."""

import psycopg
import pytest

from tests.browser.conftest import Visit
from tests.browser.inspecting import Findings, look
from tests.browser.people import Person, arrive, passkey_button, sign, sign_in, take_up
from tests.browser.place import Place
from tests.browser.visitor import Visitor
from tests.registry.terms import ADULT, DESCRIPTION, TRAIN

LONG = " ".join([DESCRIPTION, DESCRIPTION.replace("audiobooks", "radio plays")])
QUESTION = (
    "--use", "infer.voice", "--territory", "DE", "--language", "de", "--purpose", "audiobook",
    "--content-tier", "nudity", "--adult-terms", "nudity", "--end-user-age-assured",
)  # fmt: skip


@pytest.fixture
def visitor(visit: Visit, place: Place, performer: Person) -> Visitor:
    """The performer, signed in on their phone."""
    made = visit()
    sign_in(made, place, performer)
    return made


def signed_earlier(place: Place, grant: str, hours: int) -> None:
    """Move the signature into the past, and say that it was read three days before.

    The database refuses that to everybody but its superuser, who first takes the refusal out.
    """
    with psycopg.connect(place.database_url()) as database:
        always = database.execute(
            "SELECT tgname FROM pg_trigger WHERE tgrelid = 'registry_grant'::regclass AND tgenabled = 'A'"
        ).fetchall()
        for (name,) in always:
            database.execute(f'ALTER TABLE registry_grant DISABLE TRIGGER "{name}"')
        database.execute(
            "UPDATE registry_grant SET signed_at = signed_at - %s * interval '1 hour', "
            "first_shown_at = signed_at - 90 * interval '1 hour' WHERE id = %s",
            [hours, grant],
        )
        for (name,) in always:
            database.execute(f'ALTER TABLE registry_grant ENABLE ALWAYS TRIGGER "{name}"')


def test_adult_terms_are_switched_on_apart_and_start_only_after_a_second_yes(
    visitor: Visitor, place: Place
) -> None:
    findings = Findings()
    offer, code = place.invite(lines=[TRAIN, ADULT])
    visitor.go(place.link(code))
    look(visitor.page, "public-invitation-adult", findings)
    take_up(visitor, place, code)
    look(visitor.page, "performer-request-adult", findings)
    adult = visitor.page.locator("fieldset", has=visitor.page.locator("input[value=a1]"))
    assert "Adult content" in adult.inner_text()
    assert adult.locator("input[name=lines]").count() == 1
    grant = sign(visitor)
    look(visitor.page, "performer-waits-for-a-second-yes", findings)
    reference = place.ask(f"/v1/offers/{offer}")["performer"]
    question = ("--performer", reference, *QUESTION)
    assert visitor.page.get_by_role("button", name="Say yes again").count() == 0
    place.consent("check", *question, code=1)

    signed_earlier(place, grant, 13)
    visitor.page.reload()
    visitor.click("Say yes again")
    arrive(visitor, f"/confirm/{grant}")
    look(visitor.page, "signing-confirm", findings)
    place.consent("check", *question, code=1)
    passkey_button(visitor).click()
    arrive(visitor, f"/consents/{grant}")
    visitor.says("active")
    assert place.ask(f"/v1/grants/{grant}")["state"] == "active"
    # And yet: the row is not what was sealed. Whoever moves a signature in time gets no consent out of it.
    place.consent("check", *question, code=1)
    assert findings.faults == []


def test_a_yes_that_waits_can_be_taken_back(visitor: Visitor, place: Place) -> None:
    findings = Findings()
    _, code = place.invite(lines=[{**TRAIN, "description": {"en": LONG}}], replaces_in_person_work=True)
    take_up(visitor, place, code)
    assert "take the place of work" in visitor.text()
    grant = sign(visitor)
    visitor.click("Take it back")
    arrive(visitor, f"/rescind/{grant}")
    look(visitor.page, "signing-rescind", findings)
    passkey_button(visitor).click()
    arrive(visitor, f"/consents/{grant}/end")
    look(visitor.page, "performer-taken-back", findings)
    assert place.ask(f"/v1/grants/{grant}")["state"] == "ended"
    assert findings.faults == []
