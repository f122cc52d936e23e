"""The file of a local copy: it saves reading, makes nothing fresh, and is found out when it is not what was written."""

import json
import stat
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from consent.client.api_key import ApiKey
from consent.client.errors import Unavailable
from consent.client.exchange import Exchange
from consent.client.local.file import LocalFile
from consent.client.local.packages import Packages, _told
from consent.client.local.pairs import PairName, unpack
from signing.private_key import PrivateKey
from signing.trust import Trust, TrustedKey
from tests.client.recorded_feed import RecordedFeed, Stepped, grant, subject
from tests.client.recorded_registry import NOW, TEST_KEY, URL


def registry_of(count: int = 3) -> RecordedFeed:
    registry = RecordedFeed()
    for number in range(count):
        names = [f"p{number}"]
        registry.change(
            subject(f"prf_test_p{number}", grant(f"grt_test_g{number}"), external_ids=names), "grant.active"
        )
    return registry


def written(registry: RecordedFeed, path: Path) -> Path:
    stepped = registry.local(file=path)
    stepped.follow()
    stepped.local.close()
    return path


def is_read_anew(registry: RecordedFeed, stepped: Stepped) -> None:
    """The file was not used: the first request asks for everything."""
    before = registry.snapshots
    stepped.follow()
    assert registry.snapshots == before + 1
    assert stepped.ask("prf_test_p0")


def test_a_restart_goes_on_from_the_file_without_reading_everything_again(tmp_path: Path) -> None:
    registry = registry_of()
    path = written(registry, tmp_path / "copy")
    registry.change(subject("prf_test_p0", ended=["grt_test_g0"], ever_signed=True), "grant.ended")
    stepped = registry.local(file=path)
    stepped.follow()
    assert registry.snapshots == 1
    assert stepped.ask("prf_test_p0").reasons == ("no_active_consent",)
    assert stepped.ask("p1")
    assert stepped.local.check(grant="grt_test_g2", use="train.voice", territory="DE", language="de",
                               purpose="audiobook")  # fmt: skip


def test_a_file_makes_nothing_fresh(tmp_path: Path) -> None:
    registry = registry_of()
    path = written(registry, tmp_path / "copy")
    stepped = registry.local(file=path)
    stepped.local._keeper.start()
    assert stepped.memory.picture is not None
    with pytest.raises(Unavailable):
        stepped.ask("prf_test_p0")


def test_a_file_cut_at_any_length_is_not_used(tmp_path: Path) -> None:
    registry = registry_of()
    path = written(registry, tmp_path / "copy")
    whole = path.read_bytes()
    for size in sorted({*range(0, len(whole), 37), len(whole) - 1, len(whole) - 32, len(whole) - 33}):
        path.write_bytes(whole[:size])
        stepped = registry.local(file=path)
        is_read_anew(registry, stepped)
        assert stepped.local.status().file_problem is not None


def test_a_file_with_one_bit_changed_anywhere_is_not_used(tmp_path: Path) -> None:
    registry = registry_of()
    path = written(registry, tmp_path / "copy")
    whole = path.read_bytes()
    for place in range(0, len(whole), 23):
        data = bytearray(whole)
        data[place] ^= 1 << place % 8
        path.write_bytes(bytes(data))
        is_read_anew(registry, registry.local(file=path))


@pytest.mark.parametrize("added", [b"\x00", b"consent-registry/local-copy/v1\n"])
def test_a_file_with_more_behind_it_is_not_used(tmp_path: Path, added: bytes) -> None:
    registry = registry_of()
    path = written(registry, tmp_path / "copy")
    path.write_bytes(path.read_bytes() + added)
    is_read_anew(registry, registry.local(file=path))


def test_the_file_of_another_key_or_registry_is_not_used(tmp_path: Path) -> None:
    registry = registry_of()
    path = written(registry, tmp_path / "copy")
    is_read_anew(registry, registry.local(file=path, key="crk_test_anotherkeyofours"))
    elsewhere = LocalFile(path, address=URL + ":8443", key=ApiKey(TEST_KEY))
    stepped = registry.local()
    elsewhere.load(stepped.memory, stepped.follower)
    assert stepped.memory.picture is None
    assert "seal" in str(elsewhere.problem)


def test_over_a_restart_it_goes_on_only_for_the_same_organization(tmp_path: Path) -> None:
    registry = registry_of()
    path = written(registry, tmp_path / "copy")
    registry.organization = "org_test_another"
    stepped = registry.local(file=path)
    with pytest.raises(Unavailable, match="org_test_another"):
        stepped.follow()
    with pytest.raises(Unavailable):
        stepped.ask("prf_test_p0")


def test_an_older_file_of_one_s_own_costs_the_changes_since(tmp_path: Path) -> None:
    registry = registry_of()
    old = written(registry, tmp_path / "copy").read_bytes()
    registry.change(subject("prf_test_p0", ended=["grt_test_g0"], ever_signed=True), "grant.ended")
    path = written(registry, tmp_path / "copy")
    assert path.read_bytes() != old
    path.write_bytes(old)
    stepped = registry.local(file=path)
    stepped.follow()
    assert not stepped.ask("prf_test_p0")


def test_a_registry_that_lost_history_is_found_out_over_a_restart(tmp_path: Path) -> None:
    registry = registry_of()
    path = written(registry, tmp_path / "copy")
    registry.events.pop()
    stepped = registry.local(file=path)
    for _ in range(3):
        with pytest.raises(Unavailable):
            stepped.follow()
    assert "forgotten what it told" in str(stepped.local.status().why_not)


def test_the_file_is_its_owner_s_alone_and_holds_no_key(tmp_path: Path) -> None:
    path = written(registry_of(), tmp_path / "copy")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert TEST_KEY.encode() not in path.read_bytes()
    assert TEST_KEY.removeprefix("crk_test_").encode() not in path.read_bytes()
    assert sorted(each.name for each in tmp_path.iterdir()) == [".copy.lock", "copy"]


def test_of_two_processes_with_one_file_one_writes(tmp_path: Path) -> None:
    registry = registry_of()
    path = tmp_path / "copy"
    first, second = registry.local(file=path), registry.local(file=path)
    first.follow()
    second.follow()
    first.local._keeper._after_turn()
    kept = path.read_bytes()
    registry.change(subject("prf_test_new", grant("grt_test_new")))
    second.follow()
    second.local.close()
    assert path.read_bytes() == kept  # the first one has the lock
    third = registry.local(file=path)
    third.follow()  # and whoever starts meanwhile reads it
    assert registry.snapshots == 2
    first.follow()
    first.local.close()
    third.local.close()
    assert path.read_bytes() != kept


def test_a_folder_that_cannot_be_written_costs_the_file_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    registry = registry_of()
    stepped = registry.local(file=tmp_path / "file" / "copy")
    stepped.follow()
    stepped.local._keeper._after_turn()
    assert stepped.ask("prf_test_p0")
    assert "cannot be" in str(stepped.local.status().file_problem) or "not used" in str(
        stepped.local.status().file_problem
    )
    stepped.local.close()


def test_what_is_kept_of_a_million_consents_is_small(tmp_path: Path) -> None:
    registry = registry_of(200)
    path = written(registry, tmp_path / "copy")
    told = len(json.dumps(list(registry.subjects.values())).replace(" ", ""))
    assert path.stat().st_size < told / 5


def test_a_closed_copy_without_anything_new_is_not_written_again(tmp_path: Path) -> None:
    registry = registry_of()
    path = written(registry, tmp_path / "copy")
    before = path.stat().st_mtime_ns
    written(registry, path)
    assert path.stat().st_mtime_ns == before


class Signed(Packages):
    """Finds every grant signed as it was told, and counts how many it was asked to look at."""

    def __init__(self, registry: RecordedFeed, trust: Trust | None = None) -> None:
        super().__init__(no_exchange, trust=trust or registry.trust, livemode=registry.livemode)
        self.looked_at = 0

    def run(self, stepped: Stepped) -> None:
        """Prove everything, as the follower's thread does between its turns."""
        self._picture = stepped.memory.picture
        self.prove(at=NOW, proven=stepped.memory.compile_anew)

    def _verified(self, grant: str, name: PairName, at: datetime) -> bytes:
        self.looked_at += 1
        assert self._picture is not None
        for found, data in self._picture.packed():
            for each in unpack(data).grants:
                if (found, each.grant) == (name, grant):
                    return _told(name, each, self._picture.table)
        raise AssertionError(f"nobody told of {grant}")


def no_exchange() -> Exchange:
    raise AssertionError("no package is fetched in this test")


def kept_with_proofs(registry: RecordedFeed, path: Path) -> Path:
    packages = Signed(registry)
    stepped = registry.local(file=path, packages=packages)
    stepped.follow()
    assert not stepped.ask("prf_test_p0")
    packages.run(stepped)
    assert stepped.ask("prf_test_p0") and packages.looked_at == 3
    stepped.local.close()
    return path


def test_what_was_proven_is_kept_and_a_restart_verifies_nothing_again(tmp_path: Path) -> None:
    registry = registry_of()
    path = kept_with_proofs(registry, tmp_path / "copy")
    registry.change(subject("prf_test_new", grant("grt_test_new")), "grant.active")
    packages = Signed(registry)
    stepped = registry.local(file=path, packages=packages)
    stepped.follow()
    assert stepped.ask("prf_test_p0") and stepped.ask("prf_test_p2")
    assert not stepped.ask("prf_test_new") and packages.unproven == 1
    packages.run(stepped)
    assert stepped.ask("prf_test_new") and packages.looked_at == 1


def test_a_proof_that_came_after_the_last_change_is_written_too(tmp_path: Path) -> None:
    registry = registry_of()
    path = tmp_path / "copy"
    for looked_at in (3, 0):
        packages = Signed(registry)
        stepped = registry.local(file=path, packages=packages)
        stepped.follow()
        held = stepped.local._keeper._file
        assert held is not None
        held.save(stepped.memory, stepped.follower, always=True)
        packages.run(stepped)
        stepped.local.close()
        assert packages.looked_at == looked_at


def test_a_file_that_proves_nothing_lets_nothing_through_where_proofs_are_wanted(tmp_path: Path) -> None:
    registry = registry_of()
    path = written(registry, tmp_path / "copy")
    packages = Signed(registry)
    stepped = registry.local(file=path, packages=packages)
    stepped.follow()
    assert registry.snapshots == 1  # the file is used
    assert not stepped.ask("prf_test_p0") and packages.unproven == 3
    packages.run(stepped)
    assert stepped.ask("prf_test_p0")


def test_with_another_trust_file_everything_is_proven_anew(tmp_path: Path) -> None:
    registry = registry_of()
    path = kept_with_proofs(registry, tmp_path / "copy")
    packages = Signed(registry, replace(registry.trust, keys=(*registry.trust.keys, another_key())))
    stepped = registry.local(file=path, packages=packages)
    stepped.follow()
    assert not stepped.ask("prf_test_p0") and packages.unproven == 3


def test_terms_that_are_told_otherwise_after_a_restart_do_not_count(tmp_path: Path) -> None:
    registry = registry_of()
    path = kept_with_proofs(registry, tmp_path / "copy")
    wider = grant("grt_test_g0", valid_until="2036-01-01T00:00:00Z")
    registry.change(subject("prf_test_p0", wider), "changed")
    stepped = registry.local(file=path, packages=Signed(registry))
    stepped.follow()
    assert not stepped.ask("prf_test_p0") and stepped.ask("prf_test_p1")


def another_key() -> TrustedKey:
    return TrustedKey(
        key=PrivateKey.generate().public, role="receipt", livemode=False, not_before=NOW, not_after=NOW
    )
