"""Base64 in one spelling."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signing.encoding import b64u, b64u_bytes, unb64u
from signing.errors import MalformedError


@given(st.binary(max_size=64))
def test_bytes_read_back(data: bytes) -> None:
    assert unb64u(b64u(data)) == data
    assert b64u(data) == b64u_bytes(data).decode() == base64.urlsafe_b64encode(data).decode().rstrip("=")


@given(st.text(alphabet="AB-_+/=\n ", max_size=8))
def test_only_what_would_be_printed_is_read(text: str) -> None:
    try:
        data = unb64u(text)
    except MalformedError:
        return
    assert b64u(data) == text


@pytest.mark.parametrize(
    "text", ["A", "AA=", "AA==", "AB", "A+", "A/", "AA\n", " AA", "AAAAA", "ÅA", "AA\x00"]
)
def test_second_spellings_are_refused(text: str) -> None:
    with pytest.raises(MalformedError):
        unb64u(text)


def test_a_length_that_is_fixed_is_checked() -> None:
    with pytest.raises(MalformedError) as caught:
        unb64u("AAAA", pointer="/salt", length=32)
    assert (caught.value.pointer, caught.value.expected) == ("/salt", "32 bytes")
