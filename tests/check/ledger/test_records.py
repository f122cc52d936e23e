"""What the hot path writes is what the specification says, and what it may hold."""

from hypothesis import given, settings
from hypothesis import strategies as st

from signing.ledger_record import LedgerRecord, read_record, write_record
from tests.signing.samples import ISSUERS, NODE, an_id

# What may stand in a question: printable, NFC, nothing blank at the ends.
WORDS = st.text(st.sampled_from('abc"\\/<>&é漢字😀 -_.{}'), min_size=1, max_size=40).filter(
    lambda text: text == text.strip()
)


SALT = b"s" * 16


def _as_specified(data: bytes) -> LedgerRecord:
    """The record of these bytes, which the specified writer writes as well."""
    record = read_record(data, issuer=ISSUERS[True], livemode=True, node=NODE)
    assert write_record(record) == data and record.n == 7
    return record


@given(WORDS | st.none(), WORDS | st.none(), WORDS, st.integers(-1, 2**53 - 1))
@settings(max_examples=100, deadline=None)
def test_a_record_is_what_the_specified_writer_writes(
    nonce: str | None, attester: str | None, position: str, seq: int
) -> None:
    from consent.check.ledger.single import single_bytes
    from tests.check.ledger.house import single

    made = single(nonce=nonce, attester=attester, position=position, seq=seq)
    record = _as_specified(single_bytes(made, n=7, decision_id="dec_" + "a" * 26, salt=SALT))
    assert record.performers == ((an_id("prf"),),)
    assert record.receipt.nonce == (None if nonce is None else record.receipt.salted(nonce))


@given(
    WORDS | st.none(),
    st.lists(WORDS | st.none(), min_size=1, max_size=4),
    st.lists(st.tuples(WORDS, st.integers(0, 3)), min_size=1, max_size=12),
)
@settings(max_examples=200, deadline=None)
def test_a_batchs_record_is_what_the_specified_writer_writes(
    nonce: str | None, attesters: list[str | None], rows: list[tuple[str, int]]
) -> None:
    from msgspec.structs import replace

    from consent.check.ledger.batch import batch_bytes
    from tests.check.ledger.house import batch

    made = batch(rows=len(attesters), nonce=nonce)
    items = [replace(item, attester=each) for item, each in zip(made.items, attesters, strict=True)]
    names, places = [name for name, _ in rows], [place % len(items) for _, place in rows]
    made = replace(made, items=items, names=names, places=places)
    ids = ["dec_" + letter * 26 for letter in "abcdefghijkl"[: len(rows)]]
    record = _as_specified(batch_bytes(made, n=7, decision_ids=ids, salt=SALT))
    said = [(each.decision_id, each.row, each.attester, each.req_sha256) for each in record.receipt.items]
    salted = record.receipt.salted
    assert said == [
        (one, salted(name), items[place].attester, salted(items[place].req_sha256))
        for one, name, place in zip(ids, names, places, strict=True)
    ]


def test_nothing_that_was_asked_stands_in_a_record() -> None:
    from consent.check.ledger.batch import batch_bytes
    from tests.check.ledger.house import batch

    data = batch_bytes(
        batch(rows=3, nonce="planted-nonce"), n=7, decision_ids=["dec_a", "dec_b", "dec_c"], salt=SALT
    )
    assert b"planted" not in data and b"row-" not in data
    assert f"{1:064x}".encode() not in data
