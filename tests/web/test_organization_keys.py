"""API keys on the pages: a secret is shown once, a context counts at once, nobody gives away more than their part."""

import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.web.browserless import Site
    from tests.web.organization_world import Company

SECRET = re.compile(r"crk_(?:live|test)_[A-Za-z0-9_-]{43}")


@pytest.fixture
def company(site: "Site") -> "Company":
    """A company of this test's own."""
    from tests.web.organization_world import Company

    return Company.of(site)


def test_a_secret_is_shown_once_and_never_again(company: "Company", caplog: pytest.LogCaptureFixture) -> None:
    from consent.registry.models import ApiKey
    from consent.registry.operations.api_keys import secret_digest
    from consent.web.models import Ceremony, Session

    caplog.set_level("DEBUG")
    browser = company.enter("developer")
    browser.get("/org/test/keys/new")
    ceremony = browser.hidden()
    sent = {
        "name": "chat <servers>",
        "scopes": ["check", "receipts"],
        "territory": "de",
        "purpose": "audiobook",
    }
    browser.post(sent)
    secret = SECRET.findall(browser.text)[0]
    assert secret.startswith("crk_test_")
    assert browser.last is not None and browser.last.headers["Cache-Control"] == "no-store"
    row = ApiKey.objects.get(digest=secret_digest(secret))
    assert (row.context, row.livemode) == ({"territory": "DE", "purpose": "audiobook"}, False)
    browser.post({**sent, **ceremony}, to="/org/test/keys/new")  # the answer is reloaded
    assert browser.status == 422 and not SECRET.search(browser.text)
    assert ApiKey.objects.filter(organization_id=company.id).count() == 1
    for path in ("", f"/{row.id}", "/new"):
        page = browser.get(f"/org/test/keys{path}").content.decode()
        assert secret not in page and "<servers>" not in page
    assert secret not in caplog.text
    kept = [str(each.session_data) for each in Session.objects.all()] + [
        str(each.content) for each in Ceremony.objects.all()
    ]
    assert not [text for text in kept if secret in text]


def test_a_form_that_cannot_be_kept_says_why(company: "Company") -> None:
    from consent.registry.models import ApiKey

    browser = company.enter("developer")
    browser.get("/org/live/keys/new")
    for sent, words in (
        ({"name": "", "scopes": ["check"]}, "Write a name"),
        ({"name": "x"}, "one thing at least"),
        ({"name": "x", "scopes": ["check"], "territory": "Germany"}, "Write one code, such as DE"),
        ({"name": "x", "scopes": ["check"], "language": "german!"}, "such as de or pt-BR"),
        ({"name": "x", "scopes": ["check"], "purpose": "world peace"}, "Choose from the list."),
        ({"name": "x", "scopes": ["check"], "capabilities": ["magic"]}, "Choose from the list."),
        ({"name": "x", "scopes": ["check"], "expires": "2020-01-01"}, "a day that lies ahead"),
        ({"name": "x", "scopes": ["check"], "expires": "soon"}, "a day that lies ahead"),
        ({"name": "x\x00", "scopes": ["check"]}, "Write a name"),
    ):
        browser.post(sent)
        assert browser.status == 422 and words in browser.text, (sent, words)
    assert not ApiKey.objects.filter(organization_id=company.id).exists()


def test_a_developer_makes_and_replaces_no_key_that_could_do_more_than_they(company: "Company") -> None:
    from consent.registry.models import ApiKey

    strong = company.key(scopes=["check", "members"])
    browser = company.enter("developer")
    browser.get("/org/live/keys/new")
    assert 'value="members"' not in browser.text and 'value="offers"' not in browser.text
    browser.post({"name": "sneaky", "scopes": ["check", "members"]})
    assert browser.status == 422 and "Ask an owner" in browser.text
    browser.get(f"/org/live/keys/{strong.id}")
    assert "/rotate" not in browser.text
    browser.get("/org/live/keys/new")
    ceremony = browser.hidden()
    browser.post(ceremony, to=f"/org/live/keys/{strong.id}/rotate")
    assert not SECRET.search(browser.text)
    assert ApiKey.objects.filter(organization_id=company.id).count() == 1
    owner = company.enter("owner")
    owner.get(f"/org/live/keys/{strong.id}")
    owner.post({"overlap": "0"}, to=f"/org/live/keys/{strong.id}/rotate")
    assert SECRET.search(owner.text) and "The old secret works no longer" in owner.text


def test_replacing_by_a_form_of_another_key_does_nothing(company: "Company") -> None:
    from consent.registry.models import ApiKey

    first, second = company.key(), company.key()
    browser = company.enter("owner")
    browser.get(f"/org/live/keys/{first.id}")
    browser.post({"overlap": "3600"}, to=f"/org/live/keys/{second.id}/rotate")
    assert browser.path == f"/org/live/keys/{second.id}" and not SECRET.search(browser.text)
    browser.get(f"/org/live/keys/{first.id}")
    browser.post({"overlap": "3600"}, to=f"/org/live/keys/{first.id}/rotate")
    assert "The old secret works until 1 December 2026, 10:00 UTC." in browser.text
    assert ApiKey.objects.filter(organization_id=company.id).count() == 3


def test_a_context_is_changed_and_counts_from_then_on(company: "Company") -> None:
    key = company.key(context={"territory": "DE"})
    browser = company.enter("developer")
    address = f"/org/live/keys/{key.id}"
    browser.get(address)
    browser.post({"territory": "Germany"})
    assert browser.status == 422 and 'value="Germany"' in browser.text
    browser.post({"territory": "at", "language": "de", "base_model": "sha256:" + "0" * 64})
    assert browser.path == address and 'value="AT"' in browser.text
    assert _context(key.id) == {"territory": "AT", "language": "de", "base_model": "sha256:" + "0" * 64}
    browser.post({})
    assert _context(key.id) == {}
    owner = company.enter("owner")
    assert owner.get("/org/live/audit").content.decode().count("An API key got another standing context") == 2


def _context(key: str) -> Any:
    from consent.registry.models import ApiKey

    return ApiKey.objects.get(id=key).context


def test_the_operation_behind_it_waits_and_refuses_a_key_that_is_off(company: "Company") -> None:
    from consent.registry.answers import enforced
    from consent.registry.errors import Invalid, NotFound, StateConflict
    from consent.registry.operations.api_keys import revoke_api_key, set_key_context

    ports, key = company.world.ports, company.key()
    of = {"livemode": True, "organization": company.id}
    written = set_key_context(ports, **of, key=key.id, context={"territory": "DE"})
    assert written is not None and written.denies and enforced(written, ports) is not None
    assert set_key_context(ports, **of, key=key.id, context={"territory": "DE"}) is None
    with pytest.raises(Invalid) as unknown:
        set_key_context(ports, **of, key=key.id, context={"planet": "Mars"})
    assert unknown.value.pointer == "/context/planet"
    with pytest.raises(NotFound):
        set_key_context(ports, livemode=False, organization=company.id, key=key.id, context={})
    revoke_api_key(ports, **of, key=key.id)
    with pytest.raises(StateConflict):
        set_key_context(ports, **of, key=key.id, context={})
    short = company.key(expires_at=company.world.clock().replace(hour=10))
    company.world.clock.forward(hours=2)
    with pytest.raises(StateConflict):
        set_key_context(ports, **of, key=short.id, context={"territory": "DE"})


def test_a_key_is_switched_off_for_good_and_a_second_click_says_the_same(company: "Company") -> None:
    key = company.key()
    browser = company.enter("developer")
    address = f"/org/live/keys/{key.id}/revoke"
    browser.get(address)
    assert "Switch off cluster?" in browser.text
    browser.post()
    assert browser.path == f"/org/live/keys/{key.id}" and "/rotate" not in browser.text
    browser.get(address)
    browser.post()
    assert browser.path == f"/org/live/keys/{key.id}" and browser.status == 200
    browser.post({"territory": "DE"}, to=f"/org/live/keys/{key.id}")
    assert browser.status == 409


def test_limits_are_set_on_the_page_and_what_is_no_number_says_why(company: "Company") -> None:
    from consent.registry.models import ApiKey
    from consent.registry.operations.count_keys import count_keys

    browser = company.enter("developer")
    browser.get("/org/test/keys/new")
    browser.post({"name": "chat", "scopes": ["check"], "daily_quota": "1000", "rate_per_s": ""})
    row = ApiKey.objects.get(organization_id=company.id)
    assert (row.daily_quota, row.rate_per_s) == (1000, None)
    count_keys({(row.id, count_keys({}, []).at.date()): 250}, [])
    page = browser.get(f"/org/test/keys/{row.id}").content.decode()
    assert "of 1000 questions today" in page
    browser.post({"daily_quota": "", "rate_per_s": "20"}, to=f"/org/test/keys/{row.id}/limits")
    row.refresh_from_db()
    assert (row.daily_quota, row.rate_per_s) == (None, 20)
    for wrong in ("0", "-3", "many", "1e9", "٣"):
        browser.get(f"/org/test/keys/{row.id}")
        browser.post({"daily_quota": wrong, "rate_per_s": "20"}, to=f"/org/test/keys/{row.id}/limits")
        assert browser.status == 422 and "Write a whole number" in browser.text, wrong
    row.refresh_from_db()
    assert row.daily_quota is None


def test_only_who_may_see_keys_sets_their_limits(company: "Company") -> None:
    from consent.registry.models import ApiKey

    browser = company.enter("developer")
    browser.get("/org/test/keys/new")
    browser.post({"name": "chat", "scopes": ["check"]})
    row = ApiKey.objects.get(organization_id=company.id)
    other = company.enter("desk")
    other.get("/org/test")
    other.post({"daily_quota": "1"}, to=f"/org/test/keys/{row.id}/limits")
    assert other.status in (403, 404)
    row.refresh_from_db()
    assert row.daily_quota is None
