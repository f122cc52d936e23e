"""The registry's keys: made once, kept encrypted, rotated with an overlap, and never silently replaced."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from consent.server.keys.errors import KeysError
from consent.server.keys.index import FILE, KeyIndex, read_index
from consent.server.keys.make import LIFE, OVERLAP, RENEW_BEFORE, ensure_keys, rotate_keys
from consent.server.keys.published import issuer_of, trust_bytes
from consent.server.keys.relying_party import record_relying_party
from consent.server.keys.ring import RELOAD_S, KeyRing, Signers
from signing.errors import UntrustedError
from signing.purposes import COUNTERSIGNATURE, GRANT_SEAL, PROCESS_KEY
from signing.trust import PUBLISHED_ROLES, parse_trust

AT = datetime(2026, 12, 1, tzinfo=UTC)
SECRET = b"a key secret of more than thirty-two bytes"


class Clock:
    """A wall clock and a monotonic one that move when told."""

    def __init__(self) -> None:
        self.wall, self.seconds = AT, 0.0

    def later(self, step: timedelta) -> None:
        """Both clocks move on."""
        self.wall += step
        self.seconds += step.total_seconds()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every key; making one costs a tenth of a second, so tests that change it copy it."""
    folder = tmp_path_factory.mktemp("keys")
    ensure_keys(folder, secret=SECRET, at=AT)
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy of the made folder for one test."""
    copy = tmp_path / "keys"
    copy.mkdir()
    for path in made.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    yield copy


def _ring(folder: Path, clock: Clock, *, secret: bytes = SECRET) -> KeyRing:
    return KeyRing(folder, secret=secret, wall=lambda: clock.wall, monotonic=lambda: clock.seconds)


def _index(folder: Path) -> KeyIndex:
    index = read_index(folder)
    assert index is not None
    return index


def test_every_role_of_both_sides_has_its_own_key(made: Path) -> None:
    index = _index(made)
    assert {(each.role, each.livemode) for each in index.keys} == {
        (role, side) for role in PUBLISHED_ROLES for side in (True, False)
    }
    assert len({each.kid for each in index.keys}) == 8


def test_making_keys_again_changes_nothing(folder: Path) -> None:
    before = (folder / FILE).read_bytes()
    ensure_keys(folder, secret=SECRET, at=AT + timedelta(days=30))
    assert (folder / FILE).read_bytes() == before


def test_no_file_holds_a_secret_in_the_clear(made: Path) -> None:
    ring = _ring(made, Clock())
    seed = ring.signer("registry", livemode=True).private.export_seed()
    assert all(
        seed not in path.read_bytes() and seed.hex().encode() not in path.read_bytes()
        for path in made.iterdir()
    )


def test_missing_keys_beside_a_history_refuse_to_start(tmp_path: Path) -> None:
    with pytest.raises(KeysError, match="restore that folder"):
        ensure_keys(tmp_path / "keys", secret=SECRET, at=AT, may_make=False)
    assert not (tmp_path / "keys" / FILE).exists()


def test_a_key_that_will_end_soon_gets_a_successor(folder: Path) -> None:
    at = AT + LIFE - RENEW_BEFORE + timedelta(days=1)
    index = ensure_keys(folder, secret=SECRET, at=at)
    assert len(index.keys) == 16
    before = index.signing("receipt", livemode=True, at=at)
    after = index.signing("receipt", livemode=True, at=at + OVERLAP)
    assert before is not None and after is not None and before != after


def test_another_secret_opens_nothing(made: Path) -> None:
    ring = _ring(made, Clock(), secret=b"another secret of more than thirty-two bytes")
    with pytest.raises(KeysError, match="CONSENT_KEY_SECRET"):
        ring.signer("receipt", livemode=True)


def test_a_file_put_in_the_place_of_another_is_refused(folder: Path) -> None:
    index = _index(folder)
    live, test = (
        next(k for k in index.keys if k.role == "registry" and k.livemode is side) for side in (True, False)
    )
    (folder / live.file).write_bytes((folder / test.file).read_bytes())
    with pytest.raises(KeysError, match="another key"):
        _ring(folder, Clock()).signer("registry", livemode=True)


def test_a_damaged_index_is_named_and_not_made_anew(folder: Path) -> None:
    (folder / FILE).write_text('{"schema": "consent-registry/key-index/v1"')
    with pytest.raises(KeysError, match="damaged"):
        ensure_keys(folder, secret=SECRET, at=AT)


def test_a_successor_is_published_at_once_and_signs_after_the_overlap(folder: Path) -> None:
    clock = Clock()
    ring = _ring(folder, clock)
    signers = Signers(ring, issuers={True: "https://a.example", False: "https://a.example/test"})
    first = signers[True].receipt.key_id
    (successor,) = rotate_keys(folder, secret=SECRET, at=AT, roles=["receipt"], sides=[True])
    clock.later(timedelta(seconds=RELOAD_S))
    assert successor.kid in {
        each.kid for each in parse_trust(trust_bytes(ring.index(), origin="https://a.example")).keys
    }
    assert signers[True].receipt.key_id == first
    clock.later(OVERLAP)
    assert signers[True].receipt.key_id == successor.kid
    assert signers[False].receipt.key_id != successor.kid


def test_seals_of_a_registry_key_from_two_rotations_ago_still_count(folder: Path) -> None:
    clock = Clock()
    signers = Signers(_ring(folder, clock), issuers={True: "a", False: "b"})
    first = signers[True].registry.public
    for _ in range(2):
        rotate_keys(
            folder, secret=SECRET, at=clock.wall, roles=["registry"], sides=[True], overlap=timedelta(0)
        )
        clock.later(timedelta(seconds=RELOAD_S))
        assert signers[True].registry.public != first
    assert first in signers[True].registry_retired
    assert len(signers[True].registry_retired) == 3


def test_a_role_whose_keys_have_all_ended_signs_nothing(made: Path) -> None:
    clock = Clock()
    ring = _ring(made, clock)
    clock.later(LIFE)
    with pytest.raises(UntrustedError, match="keys rotate"):
        ring.signer("receipt", livemode=False)


def test_a_signer_serves_its_own_purpose_only(made: Path) -> None:
    side = Signers(_ring(made, Clock()), issuers={True: "a"})[True]
    assert side.registry.sign_jws(typ=GRANT_SEAL, payload={})
    for signer, typ in (
        (side.receipt, COUNTERSIGNATURE),
        (side.registry, PROCESS_KEY),
        (side.status, GRANT_SEAL),
    ):
        with pytest.raises(UntrustedError):
            signer.sign_jws(typ=typ, payload={})


def test_the_published_trust_file_reads_back(folder: Path) -> None:
    index = record_relying_party(
        folder, rp_id="a.example", signing_origin="https://sign.a.example", at=AT, keys_exist=False
    )
    trust = parse_trust(trust_bytes(index, origin="https://a.example"))
    assert trust.issuers == {side: issuer_of("https://a.example", livemode=side) for side in (True, False)}
    assert len(trust.keys) == 8
    assert trust.relying_parties[0].rp.rp_id == "a.example"


def test_another_relying_party_is_refused_once_performers_have_keys(folder: Path) -> None:
    def record(rp_id: str, origin: str, at: datetime, *, keys_exist: bool) -> KeyIndex:
        return record_relying_party(folder, rp_id=rp_id, signing_origin=origin, at=at, keys_exist=keys_exist)

    record("a.example", "https://sign.a.example", AT, keys_exist=False)
    record("b.example", "https://sign.b.example", AT, keys_exist=False)
    with pytest.raises(KeysError, match=r"b\.example"):
        record("a.example", "https://sign.a.example", AT, keys_exist=True)
    later = AT + timedelta(days=1)
    index = record("b.example", "https://neu.b.example", later, keys_exist=True)
    assert [(each.rp_id, each.not_after <= later) for each in index.relying_parties] == [
        ("b.example", True),
        ("b.example", False),
    ]


def test_the_secret_that_a_registry_began_with_is_never_guessed_from_two(tmp_path: Path) -> None:
    from consent.server.keys.derivation import FILE, derivation_secret, keep_derivation_secret
    from consent.server.keys.errors import KeysError

    began, later = b"began with " + bytes(32), b"later " + bytes(32)
    for opens in ((later, began), (began, later)):
        with pytest.raises(KeysError, match="CONSENT_KEY_SECRET_ALSO"):
            keep_derivation_secret(tmp_path, secret=opens[0], opens=opens)
    assert not (tmp_path / FILE).exists()
    assert keep_derivation_secret(tmp_path, secret=began, opens=(began,))
    assert keep_derivation_secret(tmp_path, secret=later, opens=(later, began))
    assert derivation_secret(tmp_path, opens=(later,)) == began
