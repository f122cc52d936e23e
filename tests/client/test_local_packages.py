"""`verify="performer"`: what the registry tells of a consent counts only as the performer signed it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from consent.client.exchange import Exchange
from consent.client.local.packages import Packages
from consent.client.local.pairs import Pair, PairGrant, TermsTable, pack, unpack
from consent.client.transport import HttpRequest, HttpResponse
from consent.core.terms import compile_grant
from tests.client.test_with_the_real_api import ORIGIN, Story, story

if TYPE_CHECKING:
    from consent.client.local.pairs import PackedPair

__all__ = ["story"]


class Shelf:
    """A transport that hands out one package, whatever is asked for."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.asked: list[str] = []

    def send(self, request: HttpRequest) -> HttpResponse:
        self.asked.append(request.url)
        return HttpResponse(status=200, headers={"content-type": "application/json"}, body=self.data)


def told(story: Story) -> tuple[Pair, bytes]:
    """What the feed truly tells of the story's consent, and its package."""
    from consent.registry.models import Grant

    data = story.account.package(story.grant)
    row = Grant.objects.get(id=story.grant)
    body = story.account.grant(story.grant)
    assert body.grant_sha256 == row.grant_sha256
    from signing.package import verify_package

    at = story.house.world.clock()
    signed = verify_package(data, trust=story.house.trust, at=at, allow_test=True).statement.body
    terms = compile_grant(signed).to_json()
    grant = PairGrant(
        grant=story.grant, state="active", signed_at=at, terms=terms, grant_sha256=row.grant_sha256
    )
    return Pair(performer=story.reference, licensee=row.organization_id, grants=(grant,)), data


def proven(story: Story, pair: Pair, data: bytes, *, of: Pair | None = None) -> bool:
    """Whether the grant that was told is accepted once the package of `of` was looked at."""
    exchange = Exchange(address=ORIGIN, authorize=None, transport=Shelf(data))
    packages = Packages(lambda: exchange, trust=story.house.trust, livemode=True)
    asked = of or pair
    packages.told(asked.name, [grant.grant for grant in asked.grants])
    anew: list[Any] = []
    packages.prove(at=story.house.world.clock(), proven=anew.append)
    table = TermsTable()
    packed: PackedPair = unpack(pack(pair, table))
    accepted = packages.accepts(pair.name, packed, table)
    assert packages.unproven == (0 if anew else 1)
    return bool(accepted.grants)


def changed(pair: Pair, **members: Any) -> Pair:
    return replace(pair, grants=(replace(pair.grants[0], **members),))


def test_a_consent_that_was_signed_as_it_is_told_counts(story: Story) -> None:
    pair, data = told(story)
    assert proven(story, pair, data)


def test_before_its_package_was_verified_a_consent_does_not_count(story: Story) -> None:
    pair, data = told(story)
    exchange = Exchange(address=ORIGIN, authorize=None, transport=Shelf(data))
    packages = Packages(lambda: exchange, trust=story.house.trust, livemode=True)
    table = TermsTable()
    assert packages.accepts(pair.name, unpack(pack(pair, table)), table).grants == ()


@pytest.mark.parametrize(
    "widen",
    [
        lambda terms: terms | {"valid_until": "2036-01-01T00:00:00Z"},
        lambda terms: terms | {"valid_from": "2020-01-01T00:00:00Z"},
        lambda terms: terms | {"lines": [*terms["lines"], terms["lines"][0] | {"id": "l9"}]},
        lambda terms: terms | {"lines": [line | {"content_max": "nudity"} for line in terms["lines"]]},
        lambda terms: terms | {"recipients": ["org_test_mallory"]},
        lambda terms: {name: value for name, value in terms.items() if name != "valid_until"},
    ],
)
def test_terms_that_are_told_otherwise_than_they_were_signed_do_not_count(
    story: Story, widen: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    pair, data = told(story)
    assert not proven(story, changed(pair, terms=widen(dict(pair.grants[0].terms))), data, of=pair)


def test_a_consent_told_of_another_performer_company_or_name_does_not_count(story: Story) -> None:
    pair, data = told(story)
    assert not proven(story, replace(pair, performer="prf_test_other"), data)
    assert not proven(story, replace(pair, licensee="org_test_other"), data)
    assert not proven(story, changed(pair, grant_sha256="00" * 32), data)
    other = changed(pair, grant="grt_" + "a" * 26)
    assert not proven(story, other, data)  # the package of another grant


def test_a_package_that_does_not_verify_proves_nothing(story: Story) -> None:
    pair, data = told(story)
    for place in range(0, len(data), max(1, len(data) // 12)):
        bent = bytearray(data)
        bent[place] ^= 1
        assert not proven(story, pair, bytes(bent))


def test_packages_are_fetched_a_few_at_a_time_and_again_when_they_could_not_be_had(story: Story) -> None:
    pair, data = told(story)
    shelf = Shelf(b"{}")
    exchange = Exchange(address=ORIGIN, authorize=None, transport=shelf)
    packages = Packages(lambda: exchange, trust=story.house.trust, livemode=True)
    packages.told(pair.name, [story.grant])
    packages.told(pair.name, [story.grant])
    anew: list[Any] = []
    at = story.house.world.clock() + timedelta(seconds=1)
    packages.prove(at=at, proven=anew.append)
    assert (anew, packages.unproven) == ([], 1)
    assert story.grant in str(packages.problem)
    shelf.data = data
    packages.prove(at=at, proven=anew.append)
    assert (anew, packages.unproven, len(shelf.asked)) == ([pair.name], 0, 2)
