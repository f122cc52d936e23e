"""A performer's limits: switched on and off in plain words, each change signed under the text that says it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.web.browserless import Site


def test_limits_are_switched_on_signed_and_in_force_at_once(site: "Site") -> None:
    from tests.web.performing import actor, words

    ada = actor(site)
    organization = ada.organization()
    reference = site.world.reference(organization, ada)  # type: ignore[arg-type]  # it has an id
    ada.sign(ada.request(organization))
    assert site.world.ask(organization, reference, purpose="advertise").allowed
    page = ada.browser
    page.get("https://registry.example/limits")
    assert "0 limits are on." in words(page.text)
    page.post({"never": ["advertise", "undress"]})
    assert page.path == "/limits/sign", words(page.text)
    assert "Anything for advertising." in words(page.text)
    page.use_passkey()
    assert page.path == "/limits?saved"
    assert "2 limits are on." in words(page.text)
    assert not site.world.ask(organization, reference, purpose="advertise").allowed
    assert site.world.ask(organization, reference).allowed


def test_every_limit_can_be_switched_off_again(site: "Site") -> None:
    from consent.registry.queries.performer import current_limits
    from tests.web.performing import actor, words

    ada = actor(site)
    page = ada.browser
    for chosen in (["political"], ["political", "live"], []):
        page.get("https://registry.example/limits")
        page.post({"never": chosen})
        page.use_passkey()
        assert page.path == "/limits?saved", words(page.text)
    now = current_limits(site.ports.registry, performer=ada.id)
    assert now.version == 3 and now.body is not None and "never" not in now.body
    page.get("/limits")
    page.post({})
    assert page.path == "/limits"  # nothing was changed, so nothing is signed


def test_limits_set_elsewhere_stay_and_can_be_seen(site: "Site") -> None:
    from tests.web.performing import actor, words

    ada = actor(site)
    site.world.submit(
        ada.key.sign(
            site.world.limits(
                ada.key, version=1, previous=None, never=[{"territories": ["RU"], "uses": ["infer"]}]
            )
        )
    )
    page = ada.browser
    page.get("/limits")
    assert "When all of this comes together" in words(page.text) and "1 limit is on." in words(page.text)
    page.post({"never": ["own-0", "political"]})
    page.use_passkey()
    assert "2 limits are on." in words(page.text)
    page.post({"never": ["own-7", "<script>", "own-0", "political"]})
    assert page.path == "/limits"  # words that nobody offered are no limits


def test_a_new_passkey_may_tighten_but_not_loosen(site: "Site") -> None:
    from consent.registry.models import Credential
    from tests.web.performing import actor, words

    ada = actor(site)
    page = ada.browser
    page.get("/limits")
    page.post({"never": ["political"]})
    page.use_passkey()
    later = site.world.clock.now.replace(year=2027)
    Credential.objects.filter(thumbprint=ada.thumbprint).update(usable_from=later)
    page.get("/limits")
    page.post({"never": ["political", "undress"]})
    page.use_passkey()
    assert "2 limits are on." in words(page.text)
    page.post({"never": []})
    assert "Your passkey is too new to sign this" in words(page.text)
