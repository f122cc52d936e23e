"""A deferred receipt rests on one signature over many decisions, and on nothing else."""

import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from signing import jws
from signing.canonical import canonicalize, parse
from signing.encoding import b64u
from signing.errors import MalformedError, SignatureError, SigningError, UntrustedError
from signing.ledger_record import read_record, write_record
from signing.ledger_root import format_ledger_receipt, parse_ledger_receipt
from signing.purposes import RECEIPT
from signing.receipt import Receipt, verify_receipt, verify_root
from tests.signing.ledger_samples import FIRST, SALT, ledger, record, written
from tests.signing.samples import END, ISSUERS, NODE, NOW, an_id, receipt, receipt_signer, trust

ORG = an_id("org")


def verify(token: Any, **changes: Any) -> Receipt:
    """Verify as the organization that asked, at the time of asking."""
    return verify_receipt(token, **({"trust": trust(), "at": NOW, "expected_audience": ORG} | changes))


def refuse(token: Any, **changes: Any) -> SigningError:
    """The error that a receipt is refused with."""
    with pytest.raises(SigningError) as caught:
        verify(token, **changes)
    return caught.value


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8])
def test_every_record_of_a_segment_has_a_receipt(count: int) -> None:
    records = written(count)
    for at, token in enumerate(ledger(*records)):
        found = verify(token)
        expected = record(FIRST + at, batch=at == 2).receipt
        digest = hashlib.sha256(records[at]).hexdigest()
        assert found == replace(
            expected, items=tuple(replace(each, record_sha256=digest) for each in expected.items)
        )
        assert verify(token.encode() + b"\n") == found
        assert format_ledger_receipt(parse_ledger_receipt(token)) == token


def test_what_the_asker_chose_is_there_only_for_who_knows_it() -> None:
    token = ledger(*written())[2]
    found = verify(token)
    assert found.nonce == found.salted("n-1") != "n-1"
    assert [each.row for each in found.items] == [found.salted(f"row-{at}") for at in range(3)]
    assert found.items[0].req_sha256 == found.salted("01" * 32)
    assert receipt().salted("n-1") == "n-1"
    assert "n-1" not in parse_ledger_receipt(token).record.decode()


def test_a_deferred_receipt_verifies_years_later_when_every_key_has_retired() -> None:
    token = ledger(*written())[0]
    assert not verify(token, at=END + timedelta(days=4000)).fresh(END)


def test_one_changed_letter_anywhere_is_refused() -> None:
    token = ledger(*written(3))[1]
    signed = token.index("~")
    for place in [*range(0, signed, 5), *range(signed, len(token))]:
        refuse(token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :])
    for place in range(0, len(token), 41):
        refuse(token[:place] + token[place + 1 :])


def test_a_record_stands_only_at_its_own_place_of_its_own_segment() -> None:
    records = written()
    ours = [parse_ledger_receipt(each) for each in ledger(*records)]
    theirs = [parse_ledger_receipt(each) for each in ledger(*written(5, audience=an_id("org", "b")))]
    for at in range(5):
        moved = replace(ours[at], record=records[(at + 1) % 5])
        assert isinstance(refuse(format_ledger_receipt(moved)), SignatureError)
        assert isinstance(
            refuse(format_ledger_receipt(replace(ours[at], root=theirs[at].root))), SignatureError
        )
        assert isinstance(
            refuse(format_ledger_receipt(replace(ours[at], proof=theirs[at].proof))), SignatureError
        )
        assert isinstance(refuse(format_ledger_receipt(theirs[at])), UntrustedError)
        assert verify(format_ledger_receipt(theirs[at]), expected_audience=None).audience == an_id("org", "b")


def test_a_number_outside_the_segment_is_refused() -> None:
    for n in (FIRST - 1, FIRST + 1, 0):
        assert isinstance(refuse(ledger(write_record(record(n)))[0]), MalformedError)


def test_a_test_receipt_counts_only_where_it_is_said() -> None:
    token = ledger(write_record(record(FIRST, livemode=False)), livemode=False)[0]
    assert not verify(token, allow_test=True).livemode
    assert isinstance(refuse(token), UntrustedError)


def test_a_process_key_signs_roots_only_of_its_own_side_node_and_day() -> None:
    data = write_record(record(FIRST))
    strangers: list[dict[str, Any]] = [
        {"livemode": False},
        {"issuer": "https://other.example"},
        {"sealer": "check-2"},
        {"sealed_at": NOW + timedelta(hours=2)},
    ]
    for changes in strangers:
        with pytest.raises(UntrustedError):
            ledger(data, signer=receipt_signer(), **({"livemode": True} | changes))
        bent = {name: value for name, value in changes.items() if name in ("issuer", "livemode")}
        bent |= {} if bent.get("livemode", True) else {"issuer": ISSUERS[False]}
        bent |= {"node": changes["sealer"]} if "sealer" in changes else {}
        signer = replace(receipt_signer(), not_after=END, **bent)
        for token in ledger(data, signer=signer, **({"livemode": True} | changes)):
            assert isinstance(refuse(token, at=END, allow_test=True), UntrustedError)


def test_another_node_may_seal_what_a_dead_one_left() -> None:
    token = ledger(write_record(record(FIRST)), node="check-0", dropped=12)[0]
    assert verify(token).node == "check-0"
    root = verify_root(parse_ledger_receipt(token).root, trust=trust())
    assert (root.node, root.sealer, root.dropped) == ("check-0", NODE, 12)
    with pytest.raises(MalformedError):
        ledger(write_record(record(FIRST)), dropped=12)


def test_a_record_younger_than_its_root_is_refused() -> None:
    at = NOW + timedelta(seconds=1)
    data = write_record(record(FIRST, issued_at=at, expires_at=at + timedelta(seconds=1)))
    assert isinstance(refuse(ledger(data)[0], at=END), UntrustedError)
    assert isinstance(refuse(ledger(*written())[0], at=NOW - timedelta(seconds=61)), UntrustedError)


def test_a_root_is_no_receipt_and_a_receipt_no_root() -> None:
    parts = parse_ledger_receipt(ledger(*written())[0])
    assert isinstance(refuse(parts.root), SignatureError)
    inline = receipt_signer().sign(receipt())
    assert isinstance(refuse(format_ledger_receipt(replace(parts, root=inline))), SignatureError)
    with pytest.raises(SignatureError):
        verify_root(inline, trust=trust())
    with pytest.raises(SigningError):
        jws.verify(
            parts.root, expected_typ=RECEIPT, key=receipt_signer().private.public, expected_header=("cert",)
        )


@pytest.mark.parametrize(
    "change",
    [
        {"n": -1},
        {"n": "7"},
        {"salt": SALT.upper()},
        {"salt": "5a"},
        {"performers": ["somebody"]},
        {"performers": None},
        {"iss": "https://registry.example"},
        {"jti": an_id("rcp")},
        {"record_sha256": "00" * 32},
        {"decision": "maybe"},
        {"decision_id": "dec_x"},
        {"items": []},
        {"more": 1},
    ],
    ids=repr,
)
def test_a_record_that_says_anything_else_is_malformed(change: dict[str, Any]) -> None:
    payload: Any = parse(write_record(record(FIRST)))
    with pytest.raises(MalformedError):
        read_record(canonicalize(payload | change), issuer=ISSUERS[True], livemode=True, node=NODE)


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b"7", b'{"n":7}', b'{"items":7,"n":7,"performers":[]}'], ids=repr
)
def test_what_is_no_record_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedError):
        read_record(data, issuer=ISSUERS[True], livemode=True, node=NODE)


@pytest.mark.parametrize("proof", ["", "AAAA", b64u(bytes(32)), b64u(bytes(32 * 70)), "A" * 43 + "="])
def test_a_proof_of_another_length_is_refused(proof: str) -> None:
    token = ledger(*written())[0]
    refuse(token.rpartition("~")[0] + "~" + proof)
    refuse(token + "~" + proof)
