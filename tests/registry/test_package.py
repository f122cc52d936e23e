"""Grant packages verify offline, and nothing is countersigned that the performer did not sign."""

from typing import TYPE_CHECKING

import psycopg
import pytest

from signing.errors import UntrustedError
from tests.registry.test_credentials import add_key
from tests.registry.trusting import trust_of

if TYPE_CHECKING:
    from tests.registry.world import World


def test_a_package_verifies_offline_and_prints_who_introduced_each_key(world: "World") -> None:
    from consent.registry.errors import NotFound
    from consent.registry.operations.read_package import read_package
    from signing.package import verify_package

    organization, person = world.organization(), world.person()
    person.key = add_key(world, person)
    world.clock.forward(hours=72)
    grant = str(world.grant(organization, person).grant)
    package = read_package(world.ports, livemode=True, grant=grant, organization=organization)
    verified = verify_package(package, trust=trust_of(world), at=world.clock.now)
    assert [each.introduced_by for each in verified.key_chain] == ["registry", "performer"]
    assert verified.logged is None and verified.performer_introduced
    assert verified.key_chain[0].examiner == "Examiner Eins"
    assert read_package(world.ports, livemode=True, grant=grant, performer=person.id) == package
    for wrong in ({"organization": world.organization()}, {"performer": world.person().id}, {}):
        with pytest.raises(NotFound):
            read_package(world.ports, livemode=True, grant=grant, **wrong)  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        read_package(world.ports, livemode=False, grant=grant, organization=organization)


def test_a_package_of_the_test_side_says_so(world: "World") -> None:
    from consent.registry.operations.read_package import read_package
    from signing.package import verify_package

    test = world.other_side()
    organization, person = test.organization(), test.person(passkey=True)
    grant = str(test.grant(organization, person).grant)
    package = read_package(test.ports, livemode=False, grant=grant, organization=organization)
    with pytest.raises(UntrustedError):
        verify_package(package, trust=trust_of(test), at=test.clock.now)
    verify_package(package, trust=trust_of(test), at=test.clock.now, allow_test=True)


def test_a_grant_whose_stored_signature_is_another_ones_is_not_countersigned(
    world: "World", database: str
) -> None:
    from consent.log.errors import SealError
    from consent.registry.models import Countersignature
    from consent.registry.operations.read_package import PackageBrokenError, read_package

    organization, person = world.organization(), world.person()
    first, second = (str(world.grant(organization, person).grant) for _ in range(2))
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("ALTER TABLE registry_statement DISABLE TRIGGER ALL")
        connection.execute(
            "UPDATE registry_statement s SET sealed = o.sealed FROM registry_statement o "
            "WHERE s.id = %s AND o.id = %s",
            [first, second],
        )
        connection.execute("ALTER TABLE registry_statement ENABLE TRIGGER ALL")
        connection.execute("ALTER TABLE registry_grant DISABLE TRIGGER ALL")
        connection.execute("UPDATE registry_grant SET grant_sha256 = %s WHERE id = %s", ["0" * 64, second])
        connection.execute("ALTER TABLE registry_grant ENABLE TRIGGER ALL")
    with pytest.raises(SealError):
        read_package(world.ports, livemode=True, grant=first, organization=organization)
    with pytest.raises(PackageBrokenError):
        read_package(world.ports, livemode=True, grant=second, organization=organization)
    assert not Countersignature.objects.filter(grant_id__in=[first, second]).exists()
