"""A grant package proves who consented to what, who introduced each key, and that it was recorded."""

import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from signing import jws
from signing.canonical import canonicalize
from signing.encoding import b64u
from signing.envelope import read_envelope
from signing.errors import MalformedError, SignatureError, SigningError, UntrustedError
from signing.key_chain import performer_link, registry_link, verify_chain
from signing.package import VerifiedPackage, format_package, parse_package, verify_package
from signing.purposes import INTRODUCTION
from signing.trust import Trust
from tests.signing.log_samples import event, log_signer, logged_package, policy, with_proof
from tests.signing.samples import (
    END,
    ISSUERS,
    NOW,
    PERFORMER,
    RECOVERED,
    SECOND,
    START,
    STRANGER,
    TEXT,
    about_grant_body,
    altered,
    credential_body,
    first_link,
    grant_body,
    introduction,
    next_link,
    package,
    signed,
    signed_by_passkey,
    signer,
    trust,
)
from tests.signing.software_authenticator import SoftwareAuthenticator

RECORDED = NOW - timedelta(hours=1)


def verify(data: bytes, **changes: Any) -> VerifiedPackage:
    """Verify today, live side only."""
    return verify_package(data, **({"trust": trust(), "at": NOW} | changes))


def refuse(data: bytes, **changes: Any) -> SigningError:
    """The error that a package is refused with."""
    with pytest.raises(SigningError) as caught:
        verify(data, **changes)
    return caught.value


def test_a_package_shows_consent_keys_and_record() -> None:
    verified = verify(package())
    assert verified.statement.body == grant_body()
    assert verified.countersignature.seq == 40
    assert verified.countersignature.recorded_at == RECORDED
    assert [(each.thumbprint, each.introduced_by) for each in verified.key_chain] == [
        (PERFORMER.public.thumbprint, "registry")
    ]
    assert verified.key_chain[0].examiner == "Example Ident AG"
    assert verified.logged is None


def test_a_package_reads_back() -> None:
    for data in (package(), logged_package()):
        assert format_package(parse_package(data)) == data


def test_an_enclosed_log_proof_holds_under_the_trust_file_or_a_policy() -> None:
    logged = verify(logged_package()).logged
    assert logged is not None and (logged.seq, logged.quorum) == (40, False)
    asked = verify(logged_package(), policy=policy()).logged
    assert asked is not None and asked.witnesses == ["witness.example"]
    verify(logged_package(livemode=False), allow_test=True)


def test_a_policy_demands_a_log_proof_and_its_witnesses() -> None:
    assert "fetch the package again" in str(refuse(package(), policy=policy()))
    refuse(with_proof(package(), witnessed=False), policy=policy())


@pytest.mark.parametrize(
    "changes",
    [
        {"index": 41},
        {"body": {"grant": "grt_" + "b" * 26}},
        {"body": {"grant_sha256": "0" * 64}},
        {"event": event("grant.active", {})},
        {"by": log_signer(seed=777)},
    ],
    ids=["another place", "another grant", "another body", "another kind", "another key"],
)
def test_a_log_proof_of_something_else_is_refused(changes: dict[str, Any]) -> None:
    assert isinstance(refuse(with_proof(package(), **changes)), UntrustedError)


def test_a_package_verifies_when_every_key_has_retired() -> None:
    verify(package(), at=END + timedelta(days=4000))


def test_the_chain_is_printed_from_the_first_key_to_the_signing_one() -> None:
    chain = [first_link(), next_link(SECOND.public, PERFORMER)]
    data = package(envelope=signed(grant_body(credential=SECOND.public.thumbprint), by=SECOND), chain=chain)
    verified = verify(data)
    assert [each.introduced_by for each in verified.key_chain] == ["registry", "performer"]
    assert verified.key_chain[1].by_credential == PERFORMER.public.thumbprint
    assert verified.performer_introduced


def test_a_recovery_shows_as_the_registrys_word() -> None:
    chain = [first_link(), first_link(RECOVERED.public, replaces=PERFORMER.public.thumbprint)]
    data = package(
        envelope=signed(grant_body(credential=RECOVERED.public.thumbprint), by=RECOVERED), chain=chain
    )
    verified = verify(data)
    assert verified.key_chain[1].replaces == PERFORMER.public.thumbprint
    assert not verified.performer_introduced


def test_passkeys_stand_in_a_chain_and_sign() -> None:
    first, second = SoftwareAuthenticator(), SoftwareAuthenticator()
    link = performer_link(
        read_envelope(signed_by_passkey(credential_body(second.public_key, by=first.public_key), first))
    )
    body = grant_body(credential=second.public_key.thumbprint)
    body["template"]["text_sha256"] = hashlib.sha256(TEXT).hexdigest()
    data = package(
        envelope=read_envelope(signed_by_passkey(body, second)), chain=[first_link(first.public_key), link]
    )
    verified = verify(data)
    assert verified.statement.performer.method == "webauthn"
    assert [each.kind for each in verified.key_chain] == ["passkey", "passkey"]
    no_origins = Trust(issuers=ISSUERS, keys=trust().keys)
    assert isinstance(refuse(data, trust=no_origins), UntrustedError)


def test_a_software_key_that_plays_a_passkey_is_refused() -> None:
    device = SoftwareAuthenticator(private=Ed25519PrivateKey.from_private_bytes(PERFORMER.export_seed()))
    assert device.public_key == PERFORMER.public
    body = grant_body()
    body["template"]["text_sha256"] = hashlib.sha256(TEXT).hexdigest()
    played = read_envelope(signed_by_passkey(body, device))
    assert isinstance(refuse(package(envelope=played)), UntrustedError)
    introduced = read_envelope(signed_by_passkey(credential_body(SECOND.public, by=PERFORMER.public), device))
    data = package(
        envelope=signed(grant_body(credential=SECOND.public.thumbprint), by=SECOND),
        chain=[first_link(), performer_link(introduced)],
    )
    assert isinstance(refuse(data), UntrustedError)


def test_a_passkeys_key_signs_no_bare_statement() -> None:
    as_passkey = first_link(public_key=b64u(PERFORMER.public.to_cose()), kind="passkey")
    assert isinstance(refuse(package(chain=[as_passkey])), UntrustedError)


def test_a_key_introduced_by_the_registry_is_never_the_performers_own_doing() -> None:
    forged_body = credential_body(STRANGER.public, by=PERFORMER.public)
    registry_key = signer("registry").private
    envelope = signed(grant_body(credential=STRANGER.public.thumbprint), by=STRANGER)
    by_registry = first_link(STRANGER.public)
    claims: list[dict[str, Any]] = [
        # the registry's JWS over a body that says the performer did it
        {**by_registry, "statement": introduction(forged_body)},
        # the same, claimed to be the performer's link
        {"introduced_by": "performer", "statement": introduction(forged_body)},
        # the registry's own introduction, relabelled
        {"introduced_by": "performer", "statement": by_registry["statement"]},
        # an envelope signed with the registry's key in place of the performer's
        performer_link(signed(forged_body, by=registry_key)),
        # an envelope signed by the new key itself
        performer_link(signed(forged_body, by=STRANGER)),
        # an envelope whose body says that the registry did it
        {
            "introduced_by": "performer",
            "statement": json.loads(
                canonicalize(
                    {
                        "body": credential_body(STRANGER.public),
                        "signatures": [
                            {
                                "role": "performer",
                                "method": "ed25519",
                                "jws": jws.sign(
                                    credential_body(STRANGER.public), typ=INTRODUCTION, key=PERFORMER
                                ),
                            }
                        ],
                    }
                )
            ),
        },
    ]
    for claim in claims:
        assert isinstance(
            refuse(package(envelope=envelope, chain=[first_link(), claim])), (SignatureError, UntrustedError)
        )


def test_a_statement_of_another_kind_introduces_no_key() -> None:
    envelope = signed(grant_body(credential=SECOND.public.thumbprint), by=SECOND)
    for other in (grant_body(), about_grant_body("confirmation")):
        chain = [first_link(), performer_link(signed(other))]
        assert isinstance(refuse(package(envelope=envelope, chain=chain)), UntrustedError)


def test_a_registry_key_introduces_keys_of_its_own_side_only() -> None:
    for body_side, key_side in ((False, True), (True, False)):
        body = credential_body(PERFORMER.public, livemode=body_side)
        link = first_link() | {"statement": introduction(body, livemode=key_side)}
        for side in (True, False):
            refuse(package(chain=[link], livemode=side), allow_test=True)


def test_a_performers_own_link_is_not_presented_as_the_registrys() -> None:
    body = credential_body(SECOND.public)
    by_performer = jws.sign(body, typ=INTRODUCTION, key=PERFORMER)
    link = registry_link(by_performer, examiner=body["examiner"], evidence_sha256=body["evidence_sha256"])
    envelope = signed(grant_body(credential=SECOND.public.thumbprint), by=SECOND)
    assert isinstance(refuse(package(envelope=envelope, chain=[link])), UntrustedError)


@pytest.mark.parametrize(
    "chain",
    [
        lambda: [first_link(STRANGER.public)],
        lambda: [next_link(SECOND.public, PERFORMER)],
        lambda: [first_link(), first_link(SECOND.public)],
        lambda: [first_link(), first_link(SECOND.public, replaces=STRANGER.public.thumbprint)],
        lambda: [first_link(replaces=STRANGER.public.thumbprint)],
        lambda: [first_link(STRANGER.public), next_link(SECOND.public, PERFORMER)],
        lambda: [first_link(), next_link(SECOND.public, PERFORMER), next_link(PERFORMER.public, SECOND)],
        lambda: [first_link(SECOND.public), first_link()],
    ],
    ids=["other", "headless", "unjoined", "misjoined", "no-first", "skip", "loop", "two-heads"],
)
def test_a_chain_that_does_not_join_is_refused(chain: Any) -> None:
    assert isinstance(refuse(package(chain=chain())), UntrustedError)


def test_examiner_and_evidence_are_the_signed_ones() -> None:
    for member, value in (("examiner", "Somebody Else"), ("evidence_sha256", "00" * 32)):
        assert isinstance(refuse(package(chain=[first_link() | {member: value}])), SignatureError)


def test_a_key_introduced_after_it_signed_is_refused() -> None:
    late = first_link(recorded_at="2026-12-02T09:30:00Z")
    assert isinstance(refuse(package(chain=[late])), UntrustedError)


def test_an_introduction_outside_the_registry_keys_validity_is_refused() -> None:
    early = first_link(recorded_at="2026-01-01T00:00:00Z")
    assert isinstance(refuse(package(chain=[early])), UntrustedError)


def test_an_introduction_by_another_role_or_side_is_refused() -> None:
    body = credential_body(PERFORMER.public)
    for by in (signer("registry", seed=101), signer("registry", livemode=False), signer("registry", seed=77)):
        link = first_link() | {"statement": introduction(body, by=by)}
        assert isinstance(refuse(package(chain=[link])), UntrustedError)


def test_a_test_package_counts_only_where_it_is_said() -> None:
    data = package(livemode=False)
    assert verify(data, allow_test=True).statement.livemode is False
    assert isinstance(refuse(data), UntrustedError)


def test_no_part_of_the_other_side_helps() -> None:
    live, test = package(), package(livemode=False)
    for member in ("registry", "key_chain"):
        mixed = altered(live, lambda d, m=member: d.update({m: json.loads(test)[m]}))  # type: ignore[misc]
        assert isinstance(refuse(mixed, allow_test=True), UntrustedError)
        mixed = altered(test, lambda d, m=member: d.update({m: json.loads(live)[m]}))  # type: ignore[misc]
        assert isinstance(refuse(mixed, allow_test=True), UntrustedError)


def test_a_countersignature_of_another_grant_is_refused() -> None:
    other = package(envelope=signed(grant_body(nonce=b64u(bytes(32)))))
    mixed = altered(package(), lambda document: document.update(registry=json.loads(other)["registry"]))
    assert isinstance(refuse(mixed), UntrustedError)


def test_a_grant_that_nobody_recorded_is_refused() -> None:
    said = parse_package(package())
    for by in (signer("registry", seed=77), signer("registry", seed=101)):
        payload = jws.parse_compact(said.registry).payload_bytes
        forged = by.sign_jws(typ="consent-countersignature+jwt", payload=json.loads(payload))
        assert isinstance(
            refuse(altered(package(), lambda document, f=forged: document.update(registry=f))),  # type: ignore[misc]
            UntrustedError,
        )


def test_a_record_from_the_future_or_before_the_key_is_refused() -> None:
    assert isinstance(refuse(package(), at=RECORDED - timedelta(seconds=61)), UntrustedError)
    verify(package(), at=RECORDED - timedelta(seconds=60))
    assert isinstance(refuse(package(recorded_at=START - timedelta(seconds=1))), UntrustedError)


def test_a_grant_fabricated_with_the_registrys_own_keys_is_refused() -> None:
    # Everything the registry can sign is genuine here; only the performer's key is missing.
    for by in (signer("registry").private, STRANGER):
        forged = signed(grant_body(), by=by)
        assert isinstance(refuse(package(envelope=forged)), UntrustedError)


def test_a_body_altered_by_one_byte_is_refused() -> None:
    data = package()
    changes = [
        lambda d: d["body"].update(performer_name="Ada Voicf"),
        lambda d: d["body"].update(valid_until="2028-12-01T00:00:01Z"),
        lambda d: d["body"]["lines"][0]["constraints"][0].update(allow=["AT", "CH", "DK"]),
        lambda d: d["body"].update(livemode=False),
    ]
    for change in changes:
        refuse(altered(data, change), allow_test=True)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        (lambda d: d.update(more=1), "/more"),
        (lambda d: d.pop("proof"), "/proof"),
        (lambda d: d.update(proof="done"), "/proof"),
        (lambda d: d.update(proof=None), "/proof"),
        (lambda d: d.update(proof={"tlog_proof": "x", "event": {}, "salt": "AA"}), "/proof/salt"),
        (
            lambda d: d.update(proof={"tlog_proof": "", "event": {}, "salt": b64u(bytes(32))}),
            "/proof/tlog_proof",
        ),
        (lambda d: d.update(proof={"tlog_proof": "x", "event": [], "salt": b64u(bytes(32))}), "/proof/event"),
        (lambda d: d.update(key_chain={}), "/key_chain"),
        (lambda d: d.update(key_chain=[]), "/key_chain"),
        (lambda d: d.update(key_chain=[5]), "/key_chain/0"),
        (lambda d: d["key_chain"][0].update(examiner=""), "/key_chain/0/examiner"),
        (lambda d: d["key_chain"][0].update(introduced_by="guild"), "/key_chain/0/introduced_by"),
        (lambda d: d["key_chain"][0].update(statement="x.y.z"), "/key_chain/0/statement"),
        (lambda d: d.update(registry=""), "/registry"),
        (lambda d: d.update(registry="a.b.c"), "/registry"),
        (lambda d: d["body"].update(offer=1), "/body/offer"),
        (lambda d: d.update(signatures=[]), "/signatures"),
    ],
)
def test_a_package_of_another_shape_is_refused_with_its_pointer(change: Any, pointer: str) -> None:
    fault = refuse(altered(package(), change))
    assert isinstance(fault, MalformedError)
    assert fault.pointer == pointer


def test_a_statement_of_another_kind_is_no_package() -> None:
    revoked = signed(about_grant_body("revocation"))
    data = altered(package(), lambda d: d.update(body=dict(revoked.body)))
    fault = refuse(data)
    assert isinstance(fault, MalformedError) and fault.pointer == "/body/schema"


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"null", b"\xff", b"[" * 100_000])
def test_what_is_no_package_is_malformed(data: bytes) -> None:
    assert isinstance(refuse(data), MalformedError)


def test_a_chain_ends_at_the_key_that_is_asked_for() -> None:
    links = verify_chain(
        [first_link()],
        expected_signing_key=PERFORMER.public.thumbprint,
        expected_livemode=True,
        trust=trust(),
        at=NOW,
    )
    assert links[-1].key == PERFORMER.public
    with pytest.raises(UntrustedError):
        verify_chain(
            [first_link()],
            expected_signing_key=STRANGER.public.thumbprint,
            expected_livemode=True,
            trust=trust(),
            at=NOW,
        )
