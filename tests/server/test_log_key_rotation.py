"""The log's key is replaced while real witnesses run: they go on cosigning, and no pinned policy breaks unannounced."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from signing.checkpoint import parse_checkpoint
from signing.errors import UntrustedError
from signing.note import VerifierKey, parse_note
from signing.tlog_policy import Policy, parse_policy
from tests.faults.backup_place import Place, empty_place
from tests.server.running_witness import RunningWitness


@pytest.fixture
def place(database: str, postgres_server: str, tmp_path: Path) -> Iterator[Place]:
    """A prepared registry of the test's own."""
    from consent.server.preparing import prepare

    with empty_place(postgres_server, tmp_path / "data", objects=tmp_path / "objects") as made:
        prepare(made.settings())
        yield made


@pytest.fixture
def witnesses(tmp_path: Path) -> Iterator[list[RunningWitness]]:
    """Three witnesses: two whose operators follow a rotation, and one whose operator sleeps."""
    made = [RunningWitness(tmp_path / name, name=f"{name}.example/w") for name in ("guild", "uni", "asleep")]
    try:
        yield made
    finally:
        for each in made:
            each.stop()


class _Log:
    """The live log of a registry, published through its own wiring."""

    def __init__(self, place: Place) -> None:
        from consent.server.publishing import log_keys, origin_here
        from consent.server.wiring import make_wiring

        self.place = place
        self.wiring: Any = make_wiring(place.settings())
        self.origin = origin_here(self.wiring, livemode=True)
        self._keys = log_keys

    def all_keys(self) -> list[VerifierKey]:
        """Every key of this log, the oldest first."""
        return self._keys(self.wiring, self.origin, livemode=True)

    def publish(self, policy: Policy) -> bytes:
        """Commit something, and the checkpoint that stands once a publisher of this policy had its turn."""
        from consent.log.publishing.origins import folder_of
        from consent.log.publishing.publisher import Publisher
        from consent.log.publishing.witnessing import PolicyWitnesses
        from consent.log.transaction import history_transaction
        from consent.server.publishing import publishing_ports
        from tests.log.history import event

        with history_transaction(True, self.wiring.registry.log) as tx:
            tx.append(event())
        ports = publishing_ports(self.wiring)
        asked = PolicyWitnesses(policy, objects=ports.objects, figures=ports.figures)
        publisher = Publisher(ports, origin=self.origin, livemode=True, witnesses=asked)
        try:
            while not publisher.turn():  # a witness that a busy machine made late is asked again
                continue
        finally:
            publisher.close()
            asked.close()
        note: bytes = ports.objects.get(f"{folder_of(self.origin)}checkpoint")
        return note


def _policy(keys: list[VerifierKey], witnesses: list[RunningWitness], *, need: str) -> Policy:
    """The policy file of whoever trusts these log keys, read as any reader reads it."""
    names = " ".join(f"w{number}" for number in range(len(witnesses)))
    lines = [f"log {key.text}" for key in keys]
    lines += [f"witness w{number} {each.key.text} {each.url}" for number, each in enumerate(witnesses)]
    return parse_policy("\n".join([*lines, f"group enough {need} {names}", "quorum enough", ""]).encode())


def _cosigners(policy: Policy, note: bytes) -> set[str]:
    return {each.key.name for each in policy.check(note).cosignatures}


@pytest.mark.timeout(900)  # six starts of a process, on a machine that may be busy
def test_witnesses_go_on_cosigning_while_the_logs_key_is_rotated(
    place: Place, witnesses: list[RunningWitness], monkeypatch: pytest.MonkeyPatch
) -> None:
    from consent.log.publishing import witnessing
    from consent.server.keys import ring
    from consent.server.keys.make import end_key, rotate_keys

    monkeypatch.setattr(ring, "RELOAD_S", 0.0)
    monkeypatch.setattr(witnessing, "BUDGET_S", 60.0)  # nothing here is about speed
    log = _Log(place)
    old = log.all_keys()
    guild, uni, asleep = witnesses
    for each in witnesses:
        each.lists(old)
        each.start()
    before = _policy(old, witnesses, need="all")
    note = log.publish(before)
    assert _cosigners(before, note) == {"guild.example/w", "uni.example/w", "asleep.example/w"}

    # 1. A successor signs beside the old key: whoever knows only the old one goes on, witnesses included.
    now = datetime.now(UTC)
    settings = place.settings()
    secret = settings.secrets.key_secret
    rotate_keys(
        settings.storage.keys, secret=secret, at=now, roles=["log"], sides=[True], overlap=timedelta(0)
    )
    new = [key for key in log.all_keys() if key not in old]
    both, after = _policy(old + new, witnesses, need="all"), _policy(new, witnesses, need="all")
    note = log.publish(both)
    assert {line.key_id for line in parse_note(note).signatures} >= {key.key_id for key in old + new}
    for policy in (before, both, after):
        assert len(_cosigners(policy, note)) == 3

    # 2. The operators add the new key and start their witnesses anew, one after the other; one of them does not.
    two = _policy(old + new, witnesses, need="2")
    for each in (guild, uni):
        each.stop()
        each.lists(old + new)
        note = log.publish(two)  # while it is away
        assert each.key.name not in _cosigners(two, note)
        each.start()
        note = log.publish(both)
        assert len(_cosigners(both, note)) == 3
    # What a witness shows to monitors tells its operator's diligence before anything depends on it.
    ids = [key.key_id for key in old + new]
    assert [each.knows(log.origin) for each in witnesses] == [set(ids), set(ids), set(ids[:1])]

    # 3. The old key ends. What was published stays accepted; only who slept stops cosigning.
    kept = note
    first = next(each for each in log.wiring.ring.index().keys if each.role == "log" and each.livemode)
    end_key(
        settings.storage.keys, first.kid, at=datetime.now(UTC) - timedelta(minutes=1), now=datetime.now(UTC)
    )
    last = _policy(new, witnesses, need="2")
    note = log.publish(last)
    assert _cosigners(last, note) == {"guild.example/w", "uni.example/w"}
    assert parse_checkpoint(parse_note(note).text).size > parse_checkpoint(parse_note(kept).text).size
    assert len(_cosigners(both, kept)) == 3
    with pytest.raises(UntrustedError):
        before.check(note)  # whoever never took the new key hears of it, and takes nothing unverified

    # The operator wakes up: the same witness goes on where it was.
    asleep.stop()
    asleep.lists(old + new)
    asleep.start()
    note = log.publish(after)
    assert len(_cosigners(after, note)) == 3
