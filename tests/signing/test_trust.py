"""The trust file says whose keys speak, in which role, on which side, since when; and nothing by default."""

from datetime import timedelta
from typing import Any

import pytest

from signing.canonical import canonicalize
from signing.errors import MalformedError, UntrustedError
from signing.trust import (
    PUBLISHED_ROLES,
    PublishedRole,
    Trust,
    TrustedKey,
    format_trust,
    parse_trust,
    write_trust,
)
from tests.signing.samples import END, ISSUERS, NOW, RP, START, STRANGER, key, signer, trust
from tests.signing.software_authenticator import make_private, public_of


def test_a_trust_file_reads_back() -> None:
    assert parse_trust(format_trust(trust())) == trust()
    plain = Trust(issuers={False: ISSUERS[False]}, keys=trust().keys[4:])
    assert parse_trust(format_trust(plain)) == plain
    with_endpoints = Trust(
        issuers=ISSUERS, keys=trust().keys, endpoints={"check": "https://registry.example/v1/check"}
    )
    assert parse_trust(format_trust(with_endpoints)) == with_endpoints


@pytest.mark.parametrize("role", PUBLISHED_ROLES)
@pytest.mark.parametrize("livemode", [True, False])
def test_a_key_speaks_in_its_own_role_side_and_time_only(role: PublishedRole, livemode: bool) -> None:
    kid = signer(role, livemode=livemode).key_id
    assert trust().key(kid, role, livemode, NOW) == signer(role, livemode=livemode).public
    for other in PUBLISHED_ROLES:
        for side in (True, False):
            if (other, side) != (role, livemode):
                with pytest.raises(UntrustedError):
                    trust().key(kid, other, side, NOW)


def test_the_window_of_a_key_is_half_open() -> None:
    kid = signer("registry").key_id
    for at in (START, END - timedelta(seconds=1)):
        trust().key(kid, "registry", True, at)
    for at in (START - timedelta(seconds=1), END):
        with pytest.raises(UntrustedError):
            trust().key(kid, "registry", True, at)


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(UntrustedError):
        trust().key(STRANGER.public.thumbprint, "registry", True, NOW)
    with pytest.raises(UntrustedError):
        trust().key("", "registry", True, NOW)


def test_a_side_without_issuer_is_not_trusted() -> None:
    one_sided = Trust(issuers={True: ISSUERS[True]}, keys=())
    assert one_sided.issuer(True) == ISSUERS[True]
    with pytest.raises(UntrustedError):
        one_sided.issuer(False)


def test_one_key_has_one_role() -> None:
    twice = [
        TrustedKey(key=key(1).public, role=role, livemode=True, not_before=START, not_after=END)
        for role in ("registry", "receipt")
    ]
    with pytest.raises(MalformedError):
        Trust(issuers=ISSUERS, keys=tuple(twice))  # type: ignore[arg-type]


def test_a_relying_party_is_trusted_in_its_window() -> None:
    assert trust().relying_party(RP.rp_id_hash, at=NOW) == RP
    assert trust().relying_party(RP.rp_id_hash, at=END, or_before=True) == RP
    for at, or_before in (
        (END, False),
        (START - timedelta(seconds=1), False),
        (START - timedelta(seconds=1), True),
    ):
        with pytest.raises(UntrustedError):
            trust().relying_party(RP.rp_id_hash, at=at, or_before=or_before)
    with pytest.raises(UntrustedError):
        trust().relying_party(bytes(32), at=NOW)


def test_origins_of_one_rp_id_add_up() -> None:
    document = write_trust(trust())
    rps: Any = document["relying_parties"]
    rps.append({**rps[0], "signing_origins": ["https://sign2.registry.example"]})
    both = parse_trust(canonicalize(document)).relying_party(RP.rp_id_hash, at=NOW)
    assert both.signing_origins == RP.signing_origins | {"https://sign2.registry.example"}


def _put(path: list[Any], value: Any) -> bytes:
    document: Any = write_trust(trust())
    at = document
    for step in path[:-1]:
        at = at[step]
    if value is ...:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return canonicalize(document)


@pytest.mark.parametrize(
    ("path", "value", "pointer"),
    [
        (["schema"], "consent-registry/trust/v2", "/schema"),
        (["schema"], ..., "/schema"),
        (["more"], 1, "/more"),
        (["issuers"], {}, "/issuers"),
        (["issuers", "staging"], "x", "/issuers/staging"),
        (["issuers", "test"], ISSUERS[True], "/issuers"),
        (["keys"], [], "/keys"),
        (["keys"], ..., "/keys"),
        (["keys", 0, "role"], "process", "/keys/0/role"),
        (["keys", 0, "livemode"], "true", "/keys/0/livemode"),
        (["keys", 0, "kid"], STRANGER.public.thumbprint, "/keys/0/kid"),
        (["keys", 0, "kid"], "x", "/keys/0/kid"),
        (["keys", 0, "jwk", "d"], "AA", "/keys/0/jwk/d"),
        (["keys", 0, "jwk", "use"], "sig", "/keys/0/jwk"),
        (["keys", 0, "jwk", "x"], "AA", "/keys/0/jwk"),
        (["keys", 0, "jwk"], public_of(make_private("ES256")).to_jwk(), "/keys/0/jwk"),
        (["keys", 0, "not_after"], "2020-01-01T00:00:00Z", "/keys/0/not_after"),
        (["keys", 0, "not_before"], 0, "/keys/0/not_before"),
        (["keys", 1], write_trust(trust())["keys"][0], "/keys/1/kid"),  # type: ignore[index, call-overload]
        (["relying_parties"], [], "/relying_parties"),
        (["relying_parties", 0, "signing_origins"], [], "/relying_parties/0/signing_origins"),
        (
            ["relying_parties", 0, "signing_origins"],
            ["http://registry.example"],
            "/relying_parties/0/signing_origins/0",
        ),
        (
            ["relying_parties", 0, "signing_origins"],
            ["https://a.example/"],
            "/relying_parties/0/signing_origins/0",
        ),
        (["relying_parties", 0, "signing_origins"], ["https://*"], "/relying_parties/0/signing_origins/0"),
        (["relying_parties", 0, "rp_id"], "", "/relying_parties/0/rp_id"),
        (["endpoints"], {"check": 1}, "/endpoints/check"),
        (["endpoints"], 1, "/endpoints"),
    ],
)
def test_a_trust_file_of_another_shape_is_refused_with_its_pointer(
    path: list[Any], value: Any, pointer: str
) -> None:
    with pytest.raises(MalformedError) as caught:
        parse_trust(_put(path, value))
    assert caught.value.pointer == pointer


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"null", b"{}", b"\xff", b'{"schema":"consent-registry/trust/v1"}']
)
def test_what_is_no_trust_file_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_trust(data)
