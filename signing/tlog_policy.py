"""Trust policies of logs: which logs, and which witnesses must have cosigned (SPEC §14.6; C2SP tlog-policy)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Self

from signing.checkpoint import parse_checkpoint
from signing.decimal import read_decimal
from signing.errors import MalformedError, UntrustedError
from signing.note import VerifierKey, parse_note, verify_note
from signing.signed_checkpoint import SignedCheckpoint, check_log_key

MAX_POLICY_BYTES = 1 << 18
MAX_OF_A_KIND = 256  # § Implementation limits: "at least up to 32 logs, 32 witnesses, and 32 groups"
NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyLog:
    """A log whose checkpoints are accepted, and where it is read."""

    key: VerifierKey
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyWitness:
    """A witness under a name of this policy, and where it takes checkpoints."""

    name: str
    key: VerifierKey
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyGroup:
    """A group that has witnessed once `threshold` of its members have."""

    name: str
    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a checkpoint must carry. `quorum` names a witness or a group, or is "none"; groups stand in their order."""

    logs: tuple[PolicyLog, ...]
    witnesses: tuple[PolicyWitness, ...]
    groups: tuple[PolicyGroup, ...]
    quorum: str

    @classmethod
    def of_log(cls, key: VerifierKey) -> Self:
        """The policy of somebody who knows a log's key and asks for no witness."""
        return cls(logs=(PolicyLog(key=key),), witnesses=(), groups=(), quorum=NONE)

    def is_quorum(self, cosigners: Iterable[VerifierKey]) -> bool:
        """Whether these witnesses' cosignatures are enough."""
        keys = set(cosigners)
        witnessed = {each.name for each in self.witnesses if each.key in keys} | {NONE}
        for group in self.groups:  # each names only what stands before it
            if sum(member in witnessed for member in group.members) >= group.threshold:
                witnessed.add(group.name)
        return self.quorum in witnessed

    def check(self, data: bytes) -> SignedCheckpoint:
        """Read a checkpoint that fulfils this policy.

        Raises:
            MalformedError: no note, or its text is no checkpoint.
            SignatureError: a signature by a known log or witness does not hold.
            UntrustedError: no log of the policy has signed it, or too few of the witnesses.
        """
        note = parse_note(data)
        checkpoint = parse_checkpoint(note.text)
        # § Defining a log: "This name MUST correspond to the log's origin line".
        logs = [each.key for each in self.logs if each.key.name == checkpoint.origin]
        if not logs:
            raise UntrustedError(f"{checkpoint.origin!r:.80} is no log of this policy")
        signatures = verify_note(note, [*logs, *(each.key for each in self.witnesses)])
        log = next((each.key for each in signatures if each.key in logs), None)
        if log is None:
            raise UntrustedError(f"checkpoint is not signed by the log {checkpoint.origin!r:.80}")
        cosignatures = tuple(each for each in signatures if each.key not in logs)
        if not self.is_quorum(each.key for each in cosignatures):
            names = sorted({each.key.name for each in cosignatures})
            raise UntrustedError(
                f"checkpoint lacks the quorum {self.quorum!r:.80}: it is cosigned by"
                f" {', '.join(names)[:200] or 'no known witness'}"
            )
        return SignedCheckpoint(checkpoint=checkpoint, note=note, log=log, cosignatures=cosignatures)

    def format(self) -> bytes:
        """The file that `parse_policy` reads."""
        lines = [
            *(f"log {each.key.text} {each.url}".rstrip() for each in self.logs),
            *(f"witness {each.name} {each.key.text} {each.url}".rstrip() for each in self.witnesses),
            *(f"group {each.name} {each.threshold} {' '.join(each.members)}" for each in self.groups),
            f"quorum {self.quorum}",
        ]
        return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")


def parse_policy(data: bytes) -> Policy:
    """Read a policy file.

    Raises:
        MalformedError: names the line at fault: an unknown word, an undefined, repeated or reserved name, a key of the
            wrong type or given twice, a threshold out of range, or not exactly one quorum.
    """
    reading = _Reading()
    for number, items in _lines(data):
        try:
            reading.read(items)
        except MalformedError as exc:
            raise MalformedError(
                f"line {number}: {exc.message}", rule=exc.rule, expected=exc.expected
            ) from exc
    return reading.finish()


class _Reading:
    """What the lines so far have defined."""

    def __init__(self) -> None:
        self.logs: list[PolicyLog] = []
        self.witnesses: list[PolicyWitness] = []
        self.groups: list[PolicyGroup] = []
        self.quorum: str | None = None
        self._defined: set[str] = set()
        self._members: set[str] = set()

    def read(self, items: list[str]) -> None:
        match items:
            case ["log", vkey, *url] if len(url) <= 1:
                self._log(VerifierKey.parse(vkey), "".join(url))
            case ["witness", name, vkey, *url] if len(url) <= 1:
                self._witness(name, VerifierKey.parse(vkey), "".join(url))
            case ["group", name, threshold, *members] if members:
                self._group(name, threshold, members)
            case ["quorum", name]:
                if self.quorum is not None:
                    raise MalformedError("a second quorum", rule="policy", expected="exactly one")
                if name != NONE and name not in self._defined:
                    raise MalformedError(f"{name!r:.80} is not defined above", rule="policy")
                self.quorum = name
            case _:
                raise MalformedError(
                    "not a line of a policy",
                    rule="policy",
                    expected="log, witness, group or quorum, with its items",
                )

    def finish(self) -> Policy:
        if self.quorum is None:
            raise MalformedError(
                "policy has no quorum", rule="policy", expected="quorum <name> or quorum none"
            )
        return Policy(
            logs=tuple(self.logs),
            witnesses=tuple(self.witnesses),
            groups=tuple(self.groups),
            quorum=self.quorum,
        )

    def _log(self, key: VerifierKey, url: str) -> None:
        check_log_key(key)
        _check_new(key, [each.key for each in self.logs])
        self.logs.append(PolicyLog(key=key, url=url))

    def _witness(self, name: str, key: VerifierKey, url: str) -> None:
        if not key.is_cosigner:
            raise MalformedError("key makes no cosignatures", rule="algorithm", expected="type 0x04 or 0x06")
        _check_new(key, [each.key for each in self.witnesses])
        self._define(name)
        self.witnesses.append(PolicyWitness(name=name, key=key, url=url))

    def _group(self, name: str, threshold: str, members: list[str]) -> None:
        for member in members:
            if member not in self._defined:
                raise MalformedError(f"{member!r:.80} is not defined above", rule="policy")
            if member in self._members:
                raise MalformedError(f"{member!r:.80} is a member already", rule="policy", expected="once")
            self._members.add(member)
        words = {"any": 1, "all": len(members)}
        needed = words.get(threshold)
        if needed is None:
            needed = read_decimal(threshold, what="threshold", highest=len(members))
        if needed < 1 or len(self.groups) == MAX_OF_A_KIND:
            raise MalformedError("group is empty or one too many", rule="policy", expected="1 ≤ k ≤ n")
        self._define(name)
        self.groups.append(PolicyGroup(name=name, threshold=needed, members=tuple(members)))

    def _define(self, name: str) -> None:
        if name == NONE or name in self._defined:
            raise MalformedError(f"the name {name!r:.80} is taken", rule="policy", expected="each name once")
        self._defined.add(name)


def _check_new(key: VerifierKey, known: list[VerifierKey]) -> None:
    """§ Public key representation: duplicate "if they wrap the same underlying public key"."""
    if any(key.public == each.public for each in known):
        raise MalformedError("the same public key stands in two lines", rule="policy", expected="each once")
    if len(known) == MAX_OF_A_KIND:
        raise MalformedError("too many of a kind", rule="policy", expected=f"at most {MAX_OF_A_KIND}")


def _lines(data: bytes) -> Iterator[tuple[int, list[str]]]:
    """Numbered lines as their items, without comments and empty ones."""
    if len(data) > MAX_POLICY_BYTES:
        raise MalformedError(f"policy of {len(data)} bytes, at most {MAX_POLICY_BYTES}", rule="max_bytes")
    # § Character set: octets above 0x7F are opaque; those below 0x20 but tab and newline, and 0x7F, are not allowed.
    for number, line in enumerate(data.split(b"\n"), start=1):
        if any((octet < 0x20 and octet != 0x09) or octet == 0x7F for octet in line):
            raise MalformedError(f"line {number} has a control character", rule="policy")
        items = line.decode("utf-8", "surrogateescape").replace("\t", " ").split(" ")
        items = [item for item in items if item]
        if items and not items[0].startswith("#"):
            yield number, items
