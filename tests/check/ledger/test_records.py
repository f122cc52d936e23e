"""What the hot path writes is what the specification says, and what it may hold."""

from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from signing.ledger_record import read_record, write_record
from tests.signing.samples import ISSUERS, NODE, an_id

if TYPE_CHECKING:
    from consent.check.ledger.draft import Draft

# What may stand in a question: printable, NFC, nothing blank at the ends.
WORDS = st.text(st.sampled_from('abc"\\/<>&é漢字😀 -_.{}'), min_size=1, max_size=40).filter(
    lambda text: text == text.strip()
)


def _bytes(draft: "Draft", n: int = 7) -> bytes:
    from consent.check.ledger.draft import record_bytes

    names = [f"dec_{letter * 26}" for letter in "abcdefgh"[: len(draft.items)]]
    return record_bytes(draft, n=n, decision_ids=names, salt=b"s" * 16)


@given(WORDS | st.none(), st.lists(WORDS | st.none(), max_size=4), WORDS, st.integers(-1, 2**53 - 1))
@settings(max_examples=100)
def test_the_fast_writer_writes_what_the_specified_one_does(
    nonce: str | None, attesters: list[Any], position: str, seq: int
) -> None:
    from dataclasses import replace

    from tests.check.ledger.house import draft

    made = draft(rows=len(attesters), nonce=nonce, position=position, seq=seq)
    if attesters:
        items = [replace(item, attester=each) for item, each in zip(made.items, attesters, strict=True)]
        made = replace(made, items=items)
    data = _bytes(made)
    record = read_record(data, issuer=ISSUERS[True], livemode=True, node=NODE)
    assert write_record(record) == data
    assert record.n == 7 and record.performers == ((an_id("prf"),),) * len(made.items)
    assert record.receipt.nonce == (None if nonce is None else record.receipt.salted(nonce))


def test_nothing_that_was_asked_stands_in_a_record() -> None:
    from tests.check.ledger.house import draft

    data = _bytes(draft(rows=3, nonce="planted-nonce"))
    assert b"planted" not in data and b"row-" not in data
    assert f"{1:064x}".encode() not in data
