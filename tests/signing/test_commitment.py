"""A log entry opens for the event and the salt that made it, and for nothing else."""

import pytest

from signing.commitment import ENTRY_BYTES, check_opening, commit, entry
from signing.errors import MalformedError, SignatureError

EVENT = {"n": 1, "terms": "example", "type": "consent.signed", "v": 1}
SALT = bytes(range(32))
KNOWN = "b46e7ab40b1da6617db55b2ad1094cadfdc9f36ec985eca1493b6c3add94bb4b"  # law page §D


def test_the_published_example_commits_to_the_published_value() -> None:
    assert commit(EVENT, SALT).hex() == KNOWN
    assert entry(EVENT, SALT).hex() == "01" + KNOWN
    assert len(entry(EVENT, SALT)) == ENTRY_BYTES


def test_order_of_members_does_not_matter() -> None:
    assert commit(dict(reversed(EVENT.items())), SALT).hex() == KNOWN


@pytest.mark.parametrize("length", [0, 16, 31, 33, 64])
def test_a_salt_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(MalformedError):
        commit(EVENT, bytes(length))


def test_an_entry_opens_for_its_event_and_salt_only() -> None:
    logged = entry(EVENT, SALT)
    check_opening(logged, event=EVENT, salt=SALT)
    with pytest.raises(SignatureError):
        check_opening(logged, event=EVENT | {"n": 2}, salt=SALT)
    with pytest.raises(SignatureError):
        check_opening(logged, event=EVENT, salt=SALT[:-1] + b"\x00")


@pytest.mark.parametrize("logged", [b"", b"\x02" + bytes(32), b"\x01" + bytes(31), b"\x01" + bytes(33)])
def test_what_is_no_entry_is_malformed(logged: bytes) -> None:
    with pytest.raises(MalformedError):
        check_opening(logged, event=EVENT, salt=SALT)
