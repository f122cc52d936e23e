"""An operator who shows two histories to two clients: what the clients' policies let through, in every split.

The operator holds the log's key and signs whatever it likes; the witnesses are honest, and are asked as it suits the
operator: any of them about either view, in either order.
"""

from datetime import UTC, datetime
from itertools import combinations_with_replacement, permutations
from pathlib import Path

import pytest

from consent.client.transparency.reader import LogReader
from consent.client.transparency.source import FolderSource
from consent.client.transparency.watched import Watched
from consent.client.transparency.watching import Contradiction, Watcher
from consent.client.witness.cosigning import Cosigner
from consent.client.witness.record import Record
from signing.cosignature import cosigner_key
from signing.errors import SignatureError, UntrustedError
from signing.merkle import consistency_proof, leaf_hash
from signing.note import parse_note
from signing.note_signature import NoteSignature
from signing.private_key import PrivateKey
from signing.tlog_policy import Policy, parse_policy
from signing.witness_request import WitnessRequest
from tests.client.log_folder import SIGNER, VKEY, LogFolder

NAMES = ("guild.example", "uni.example", "press.example")
KEYS = {name: PrivateKey.from_seed(bytes([number]) * 32) for number, name in enumerate(NAMES, start=1)}
AT = datetime(2026, 6, 1, tzinfo=UTC)
COMMON = 5  # entries that both views begin with


def _policy(need: int) -> Policy:
    """A client's policy: this log, and so many of the three witnesses."""
    lines = [f"log {VKEY}"]
    lines += [f"witness {name} {cosigner_key(name, key).text}" for name, key in KEYS.items()]
    return parse_policy("\n".join([*lines, f"group g {need} {' '.join(NAMES)}", "quorum g", ""]).encode())


class _Operator:
    """Two logs of one name and key with one beginning, and the witnesses that know this beginning."""

    def __init__(self, root: Path, *, sizes: tuple[int, int]) -> None:
        root.mkdir(exist_ok=True)
        self._cosigners = {}
        for name, key in KEYS.items():
            (root / name).mkdir()
            self._cosigners[name] = Cosigner(
                name=name,
                key=key,
                logs={SIGNER.name: [SIGNER.verifier]},
                record=Record(root / name),
                now=lambda: AT,
            )
        self.views = [LogFolder(root / f"view{number}").grow(COMMON) for number in range(2)]
        for name in NAMES:
            assert self._asked(name, self.views[0], old=0)
        for number, (view, size) in enumerate(zip(self.views, sizes, strict=True)):
            view.grow(size - COMMON, branch=bytes([number]))

    def _asked(self, name: str, view: LogFolder, *, old: int) -> NoteSignature | None:
        leaves = [leaf_hash(each) for each in view.entries]
        note = parse_note(LogFolder.signed(view.root(), len(leaves)))
        proof = tuple(consistency_proof(old, leaves)) if old else ()
        answer = self._cosigners[name].add_checkpoint(
            WitnessRequest(old_size=old, proof=proof, note=note).format()
        )
        return NoteSignature.parse(answer.body.decode().removesuffix("\n")) if answer.status == 200 else None

    def show(self, number: int, names: tuple[str, ...], *, replayed: tuple[NoteSignature, ...] = ()) -> None:
        """Show a view with whatever the named witnesses give for it, and with lines of somewhere else."""
        view = self.views[number]
        for old in (COMMON, len(self.views[1 - number].entries)):  # whatever the witness says that it knows
            if old > len(view.entries):
                continue
            lines = [line for name in names if (line := self._asked(name, view, old=old)) is not None]
            if lines:
                break
        else:
            lines = []
        note = parse_note(LogFolder.signed(view.root(), len(view.entries)))
        view.write("checkpoint", note.with_signatures([*lines, *replayed]).format())

    def reader(self, number: int, policy: Policy) -> LogReader:
        """A client that is shown this view only."""
        return LogReader(FolderSource(self.views[number].folder), policy)


def _accepted(operator: _Operator, policy: Policy) -> list[int]:
    accepted = []
    for number in range(2):
        try:
            operator.reader(number, policy).head()
        except UntrustedError:
            continue
        accepted.append(number)
    return accepted


@pytest.mark.parametrize("sizes", [(9, 9), (8, 30), (30, 8)])
def test_of_a_split_view_served_to_two_clients_a_majority_policy_accepts_at_most_one(
    tmp_path: Path, sizes: tuple[int, int]
) -> None:
    seen = set()
    # The witnesses are alike, so their order does not count.
    splits = combinations_with_replacement([(), (0,), (1,), *permutations((0, 1))], len(NAMES))
    for count, asked in enumerate(splits):  # each witness: asked about no view, one, or both in either order
        operator = _Operator(tmp_path / str(count), sizes=sizes)
        for number in range(2):
            # The first question is the one that a witness answers; the second it must refuse.
            operator.show(
                number, tuple(n for n, views in zip(NAMES, asked, strict=True) if views[:1] == (number,))
            )
        firsts = [parse_note((view.folder / "checkpoint").read_bytes()).signatures for view in operator.views]
        for number in range(2):
            again = tuple(n for n, views in zip(NAMES, asked, strict=True) if views[1:] == (number,))
            if again:
                operator.show(number, again, replayed=firsts[number][1:])
        accepted = _accepted(operator, _policy(2))
        assert len(accepted) <= 1, asked
        seen.add(tuple(accepted))
    assert seen == {(), (0,), (1,)}


def test_cosignatures_of_one_view_do_not_carry_over_to_the_other(tmp_path: Path) -> None:
    operator = _Operator(tmp_path / "o", sizes=(9, 9))
    operator.show(0, NAMES)
    lines = parse_note((operator.views[0].folder / "checkpoint").read_bytes()).signatures[1:]
    assert len(lines) == 3
    operator.show(1, NAMES)
    assert _accepted(operator, _policy(1)) == [0]
    operator.show(1, (), replayed=tuple(lines))
    with pytest.raises(SignatureError):
        operator.reader(1, _policy(1)).head()


def test_below_a_majority_both_clients_are_satisfied_and_only_comparing_tells(tmp_path: Path) -> None:
    """Why a quorum is a majority. Who compares what two clients hold has the proof in hand."""
    operator = _Operator(tmp_path / "o", sizes=(9, 12))
    operator.show(0, NAMES[:1])
    operator.show(1, NAMES[1:2])
    policy = _policy(1)
    assert _accepted(operator, policy) == [0, 1]
    state = tmp_path / "state"
    for number in (0, 1):
        watcher = Watcher(operator.reader(number, policy), Watched(state), silence_s=60, now=lambda: AT)
        if number == 0:
            assert watcher.look() is not None
        else:
            with pytest.raises(Contradiction) as alarm:
                watcher.look()
    assert len(alarm.value.evidence) == 2
