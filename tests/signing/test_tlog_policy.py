"""Trust policies: the file's grammar and every kind of quorum."""

from contextlib import suppress
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signing.checkpoint import Checkpoint
from signing.cosignature import cosign, cosigner_key
from signing.errors import MalformedError, SignatureError, SigningError, UntrustedError
from signing.keys import PrivateKey
from signing.merkle import leaf_hash
from signing.note import NoteSignature, NoteSigner, parse_note
from signing.signed_checkpoint import sign_checkpoint
from signing.tlog_policy import Policy, parse_policy

LOG = NoteSigner(name="example.com/log", key=PrivateKey(bytes(range(32))))
KEYS = {name: PrivateKey(bytes([at]) * 32) for at, name in enumerate(("X1", "X2", "X3", "Y1", "Y2", "Y3"), 1)}
VKEYS = {name: cosigner_key(f"w.example/{name}", key).text for name, key in KEYS.items()}
HEAD = Checkpoint(origin=LOG.name, size=1, root=leaf_hash(b"x"))

# The example of the specification, keys filled in.
EXAMPLE = f"""\
log {LOG.verifier.text}

witness X1 {VKEYS["X1"]}
witness X2 {VKEYS["X2"]}
witness X3 {VKEYS["X3"]}
group X-witnesses 2 X1 X2 X3

witness Y1 {VKEYS["Y1"]} https://w.example/Y1
\twitness\tY2 {VKEYS["Y2"]}
  # a comment, with an umlaut: ü
witness Y3 {VKEYS["Y3"]}
group Y-witnesses any Y1 Y2 Y3

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
"""


def _cosigned(*names: str) -> bytes:
    lines = [cosign(HEAD.text(), name=f"w.example/{name}", key=KEYS[name], time=7) for name in names]
    return parse_note(sign_checkpoint(HEAD, LOG)).with_signatures(lines).format()


def test_the_example_of_the_specification_decides_every_set_of_cosigners() -> None:
    policy = parse_policy(EXAMPLE.encode())
    assert parse_policy(policy.format()) == policy
    assert policy.witnesses[3].url == "https://w.example/Y1"
    for count in range(7):
        for names in combinations(KEYS, count):
            data = _cosigned(*names)
            enough = sum(name[0] == "X" for name in names) >= 2 and any(name[0] == "Y" for name in names)
            if enough:
                assert len(policy.check(data).cosignatures) == count
            else:
                with pytest.raises(UntrustedError, match="lacks the quorum 'X-and-Y'"):
                    policy.check(data)


def test_one_witness_repeated_or_unknown_counts_no_more_than_once() -> None:
    two = parse_policy(
        f"log {LOG.verifier.text}\nwitness a {VKEYS['X1']}\nwitness b {VKEYS['X2']}\ngroup g 2 a b\nquorum g\n".encode()
    )
    again = cosign(HEAD.text(), name="w.example/X1", key=KEYS["X1"], time=8)
    with pytest.raises(UntrustedError):
        two.check(parse_note(_cosigned("X1", "Y1")).with_signatures([again]).format())
    two.check(_cosigned("X1", "X2", "Y3"))


def test_a_checkpoint_needs_its_own_log_and_no_bad_signature() -> None:
    policy = parse_policy(EXAMPLE.encode())
    good = parse_note(_cosigned("X1", "X2", "Y1"))
    without_log = "".join(f"{each.line}\n" for each in good.signatures[1:])
    with pytest.raises(UntrustedError, match="is not signed by the log"):
        policy.check(f"{good.text}\n{without_log}".encode())
    stranger = NoteSigner(name="example.org/other", key=LOG.key)
    with pytest.raises(UntrustedError, match="is no log of this policy"):
        policy.check(sign_checkpoint(Checkpoint(origin=stranger.name, size=1, root=HEAD.root), stranger))
    forged = NoteSignature(
        name="w.example/Y3", key_id=cosigner_key("w.example/Y3", KEYS["Y3"]).key_id, signature=bytes(72)
    )
    with pytest.raises(SignatureError):
        policy.check(good.with_signatures([forged]).format())


def test_quorum_none_asks_for_the_log_alone() -> None:
    for policy in (
        parse_policy(f"quorum none\nlog {LOG.verifier.text}".encode()),
        Policy.of_log(LOG.verifier),
    ):
        assert policy.check(sign_checkpoint(HEAD, LOG)).checkpoint == HEAD
        assert parse_policy(policy.format()) == policy
    with pytest.raises(UntrustedError):
        parse_policy(b"quorum none\n").check(sign_checkpoint(HEAD, LOG))


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        ("", "no quorum"),
        ("quorum X1", "not defined above"),
        ("quorum none\nquorum none", "second quorum"),
        ("group g any g\nquorum g", "not defined above"),
        ("group g any h\ngroup h any g\nquorum g", "not defined above"),
        ("witness X1 {X1}\ngroup g any X1\ngroup h any X1\nquorum g", "member already"),
        ("witness X1 {X1}\ngroup g any X1 X1\nquorum g", "member already"),
        ("witness X1 {X1}\ngroup g 2 X1\nquorum g", "above 1"),
        ("witness X1 {X1}\ngroup g 0 X1\nquorum g", "empty"),
        ("witness X1 {X1}\ngroup g 01 X1\nquorum g", "canonical"),
        ("witness X1 {X1}\ngroup g any\nquorum g", "not a line"),
        ("witness X1 {X1}\ngroup g any none\nquorum g", "not defined above"),
        ("witness none {X1}\nquorum none", "taken"),
        ("witness X1 {X1}\nwitness X1 {X2}\nquorum none", "taken"),
        ("witness X1 {X1}\nwitness X2 {X1}\nquorum none", "two lines"),
        ("witness X1 {X1}\ngroup X1 any X1\nquorum none", "taken"),
        ("witness X1 {log}\nquorum none", "makes no cosignatures"),
        ("log {X1}\nquorum none", "not a log's"),
        ("log {log}\nlog {log}\nquorum none", "two lines"),
        ("log {log} a b\nquorum none", "not a line"),
        ("log x+00000000+AQ==\nquorum none", "line 1: "),
        ("quorum none\r", "control character"),
        ("Quorum none", "not a line"),
    ],
)
def test_files_that_are_no_policy_are_refused(lines: str, fault: str) -> None:
    with pytest.raises(MalformedError, match=fault):
        parse_policy(lines.format(log=LOG.verifier.text, **VKEYS).encode())


def test_names_are_octets() -> None:
    data = b"witness \xff " + VKEYS["X1"].encode() + b"\nwitness \xe2\x84\xaa " + VKEYS["X2"].encode()
    policy = parse_policy(data + b"\nwitness K " + VKEYS["X3"].encode() + b"\nquorum \xff\n")
    assert parse_policy(policy.format()) == policy
    assert policy.is_quorum([policy.witnesses[0].key])
    assert not policy.is_quorum([policy.witnesses[1].key, policy.witnesses[2].key])


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_make_anything_but_our_errors(data: bytes) -> None:
    with suppress(SigningError):
        policy = parse_policy(data)
        assert parse_policy(policy.format()) == policy
