"""Two operators at the same moment: one decision, one way in."""

from typing import TYPE_CHECKING, Any

import pytest

from signing.attestation import RegisteredCredential, verify_registration
from signing.webauthn import RelyingParty
from tests.registry.threads import race, split
from tests.signing.software_authenticator import SoftwareAuthenticator

if TYPE_CHECKING:
    from tests.web.browserless import Site

MAIN = "https://registry.example"


def _registration(name: bytes) -> RegisteredCredential:
    """A verified new passkey of the main origin."""
    passkey = SoftwareAuthenticator(credential_id=name)
    return verify_registration(
        **passkey.register(b"c" * 32, origin=MAIN),
        expected_challenge=b"c" * 32,
        expected_rp=RelyingParty(rp_id="registry.example", signing_origins=frozenset({MAIN})),
    )


@pytest.mark.parametrize("turn", range(4))
def test_of_an_approval_and_a_refusal_at_once_one_counts(site: "Site", turn: int) -> None:
    from consent.registry.errors import StateConflict
    from consent.registry.models import IdentityCheck
    from consent.registry.operations.record_identity_check import record_identity_check
    from consent.registry.operations.refuse_identity import refuse_identity
    from tests.web.operators import enrol, state_of

    performer, credential = enrol(site)
    told: dict[str, Any] = {
        "livemode": True,
        "performer": performer,
        "credentials": [credential],
        "method": "document",
        "evidence_sha256": "ab" * 32,
    }

    def approve() -> str:
        record_identity_check(site.ports.registry, examiner="One", over_18=True, **told)
        return "active"

    def refuse() -> str:
        refuse_identity(site.ports.registry, examiner="Two", **told)
        return "blocked"

    done, raised = split(race(approve, refuse) if turn % 2 else race(refuse, approve))
    assert done == [state_of(credential)]
    assert [type(each) for each in raised] == [StateConflict]
    assert IdentityCheck.objects.filter(performer=performer).count() == 1


def test_of_two_who_use_a_link_at_once_one_comes_in(site: "Site") -> None:
    from consent.registry.errors import LinkSpent
    from consent.registry.models import AccountPasskey, Operator
    from consent.registry.operations.admit_operator import admit_operator
    from tests.web.operators import invite

    operator, token = invite(site)

    def come(name: str) -> str:
        admit_operator(
            site.ports.registry,
            token=token,
            expected_operator=operator,
            display_name=name,
            registration=_registration(operator.encode() + name.encode()),
            user_handle=operator.encode().ljust(32, b"0"),
            label="mine",
        )
        return name

    done, raised = split(race(lambda: come("One"), lambda: come("Two")))
    assert [type(each) for each in raised] == [LinkSpent] and len(done) == 1
    assert Operator.objects.get(id=operator).display_name == done[0]
    assert AccountPasskey.objects.filter(operator=operator).count() == 1


def test_a_performers_passkey_makes_nobody_an_operator_and_the_link_stays(site: "Site") -> None:
    """Whoever examines cannot be whom they examine with the same key: the two kinds of passkeys never meet."""
    from consent.registry.errors import CredentialTaken
    from consent.registry.operations.admit_operator import admit_operator
    from consent.registry.operations.links import link_opens
    from tests.web.operators import invite

    person = site.world.person(passkey=True)
    assert person.key.passkey is not None
    operator, token = invite(site)
    made = verify_registration(
        **person.key.passkey.register(b"c" * 32, origin=MAIN),
        expected_challenge=b"c" * 32,
        expected_rp=RelyingParty(rp_id="registry.example", signing_origins=frozenset({MAIN})),
    )
    with pytest.raises(CredentialTaken):
        admit_operator(
            site.ports.registry,
            token=token,
            expected_operator=operator,
            display_name="Sly",
            registration=made,
            user_handle=b"h" * 32,
            label="mine",
        )
    assert link_opens(site.ports.registry, kind="operator", token=token)
