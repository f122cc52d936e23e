"""A batch's receipt, written in one pass, is letter for letter what the specified writer gives all its rows."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signing.batch_receipt import BatchRows, write_batch
from signing.canonical import canonicalize
from signing.errors import MalformedError, SigningError, UntrustedError
from signing.receipt import Receipt, sign_receipt, verify_receipt
from signing.receipt_claims import ReceiptItem, write_claims
from signing.weaving import between_quotes, weave
from tests.signing.samples import NOW, an_id, item, receipt, receipt_signer, trust

# Everything that a name may hold: printable ASCII, with what JSON escapes and what our marks look like.
NAMES = st.one_of(
    st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=128),
    st.sampled_from(
        ['","id":"', '"id":"\\u0002"', '\\"', "\\", "\\u0001", '"decision_id":"', "},{", "row-1"]
    ),
).map(lambda name: name.strip() or "x")
TEXTS = st.text(st.sampled_from('abc"\\/<>&é漢字😀-_.{}:,\x7e'), min_size=1, max_size=40)
IDS = st.from_regex(r"dec_[A-Za-z0-9_-]{1,40}", fullmatch=True)
GRANTS = st.lists(st.sampled_from([an_id("grt", letter) for letter in "abcd"]), max_size=3, unique=True)
ALLOWS = st.builds(
    lambda grants, obligations, attester: item(
        grants=tuple(grants), obligations=tuple(obligations), attester=attester
    ),
    GRANTS,
    st.lists(st.sampled_from(["label.audible", "mark.c2pa"]), max_size=2, unique=True),
    TEXTS | st.none(),
)
DENIES = st.builds(
    lambda reasons, digest: item(
        decision="deny", reasons=tuple(reasons), grants=(), obligations=(), req_sha256=f"{digest:064x}"
    ),
    st.lists(st.sampled_from(["territory", "language", "term"]), min_size=1, max_size=3, unique=True),
    st.integers(0, 2**256 - 1),
)


def _whole(made: Receipt, rows: BatchRows) -> Receipt:
    """The receipt with an item for every row."""
    items = zip(rows.names, rows.decision_ids, rows.places, strict=True)
    return replace(
        made,
        items=tuple(
            replace(made.items[place], row=name, decision_id=decision) for name, decision, place in items
        ),
    )


@st.composite
def batches(draw: Any) -> tuple[Receipt, BatchRows]:
    """A receipt of different decisions, and rows of them in any order and number."""
    items: list[ReceiptItem] = draw(st.lists(ALLOWS | DENIES, min_size=1, max_size=5))
    places = [*range(len(items)), *draw(st.lists(st.integers(0, len(items) - 1), max_size=12))]
    places = draw(st.permutations(places))
    names = draw(st.lists(NAMES, min_size=len(places), max_size=len(places)))
    ids = draw(st.lists(IDS, min_size=len(places), max_size=len(places)))
    made = receipt(batch=True, items=tuple(items), nonce=draw(TEXTS | st.none()), position=draw(TEXTS))
    return made, BatchRows(names=names, decision_ids=ids, places=places)


@given(batches())
@settings(max_examples=300, deadline=None)
def test_written_in_one_pass_it_is_the_canonical_form_of_all_items(drawn: tuple[Receipt, BatchRows]) -> None:
    made, rows = drawn
    assert write_batch(made, rows) == canonicalize(write_claims(_whole(made, rows)))


def test_it_verifies_with_the_function_that_verifies_every_receipt() -> None:
    items = (item(), item(decision="deny", reasons=("territory",), grants=(), obligations=()))
    made = receipt(batch=True, items=items)
    count = 10_000
    rows = BatchRows(
        names=[f"row-{n}" for n in range(count)],
        decision_ids=[f"dec_{n:026d}" for n in range(count)],
        places=[n % 3 % 2 for n in range(count)],
    )
    token = receipt_signer().sign_batch(made, rows)
    read = verify_receipt(token, trust=trust(), at=NOW, expected_audience=an_id("org"))
    assert read == _whole(made, rows)
    assert token == sign_receipt(read, signer=receipt_signer())


ROWS = BatchRows(names=["a"], decision_ids=["dec_a"], places=[0])


@pytest.mark.parametrize(
    "rows",
    [
        replace(ROWS, names=[""]),
        replace(ROWS, names=["x" * 129]),
        replace(ROWS, names=[" a"]),
        replace(ROWS, names=["a "]),
        replace(ROWS, names=["a\n"]),
        replace(ROWS, names=["\x01"]),
        replace(ROWS, names=["\x7f"]),
        replace(ROWS, names=["é"]),
        replace(ROWS, names=["a", "b"]),
        replace(ROWS, decision_ids=["dec_"]),
        replace(ROWS, decision_ids=["rcp_a"]),
        replace(ROWS, decision_ids=["dec_a dec_b"]),
        replace(ROWS, decision_ids=['dec_a","x":"y']),
        replace(ROWS, decision_ids=["dec_" + "a" * 121]),
        replace(ROWS, decision_ids=[]),
        replace(ROWS, places=[]),
        replace(ROWS, places=[-1]),
        replace(ROWS, places=[1]),
        BatchRows(names=[], decision_ids=[], places=[]),
        BatchRows(
            names=["a"] * 10_001, decision_ids=[f"dec_{n}" for n in range(10_001)], places=[0] * 10_001
        ),
    ],
)
def test_rows_that_no_receipt_could_be_read_with_are_not_signed(rows: BatchRows) -> None:
    with pytest.raises(MalformedError):
        receipt_signer().sign_batch(receipt(batch=True, items=(item(),)), rows)


@pytest.mark.parametrize(
    "bent",
    [
        receipt(),
        receipt(batch=True, items=()),
        receipt(batch=True, items=(item(decision="deny", reasons=(), grants=(), obligations=()),)),
        receipt(batch=True, items=(item(req_sha256="x"),)),
        receipt(batch=True, items=(item(), item(req_sha256="x"))),
        receipt(batch=True, items=(item(), item(req_sha256=f"{'a' * 64} {'b' * 64}"))),
        receipt(batch=True, items=(item(), item(record_sha256="A" * 64))),
        receipt(batch=True, items=(item(), item(grants=("grt_x",)))),
        receipt(batch=True, items=(item(), item(grants=('grt_","id":"x',)))),
        receipt(batch=True, items=(item(), item(grants=(f"{an_id('grt', 'a')} {an_id('grt', 'b')}",)))),
        receipt(batch=True, items=(item(), item(grants=(an_id("grt", "a"), "x")))),
        receipt(batch=True, items=(item(), item(decision="deny", grants=(), obligations=()))),
        receipt(batch=True, items=(item(), item(attester="\x01"))),
        receipt(batch=True, items=(item(), item(obligations=('"',)))),
        receipt(batch=True, nonce="\x03", items=(item(),)),
        receipt(batch=True, items=(item(attester="\x01"),)),
    ],
)
def test_a_receipt_that_breaks_a_rule_is_not_signed_for_any_row(bent: Receipt) -> None:
    with pytest.raises(MalformedError):
        receipt_signer().sign_batch(bent, ROWS)


def test_a_process_key_signs_no_batch_that_its_certificate_does_not_cover() -> None:
    made = receipt(batch=True, items=(item(),))
    for bent in (replace(made, issuer="https://other.example"), replace(made, node="check-2")):
        with pytest.raises(SigningError) as caught:
            receipt_signer().sign_batch(bent, ROWS)
        assert isinstance(caught.value, UntrustedError)


def test_woven_text_has_each_rows_own_words_between_the_shared_ones() -> None:
    assert weave([(",<", ">"), (",(", ")")], [0, 1, 0], ["x", "y", "z"]) == "<x>,(y),<z>"
    assert (
        weave([(",a", "b", "c")], [0, 0], ["1", "2"], ["3", "4"], before=("[",), after="]") == "[a1b3c,a2b4c]"
    )
    assert list(between_quotes(['a"b', "\\", "c"])) == ['a\\"b', "\\\\", "c"]
    with pytest.raises(ValueError):
        weave([("<", ">")], [0, 0], ["x"])
