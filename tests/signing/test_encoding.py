"""Base64 in one spelling."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signing.encoding import b64, b64u, unb64, unb64u
from signing.errors import MalformedError


@given(st.binary(max_size=64))
def test_both_forms_read_back(data: bytes) -> None:
    assert unb64u(b64u(data)) == data
    assert unb64(b64(data)) == data


@given(st.text(alphabet="AB-_+/=\n ", max_size=8))
def test_only_what_would_be_printed_is_read(text: str) -> None:
    for read, write in ((unb64u, b64u), (unb64, b64)):
        try:
            data = read(text)
        except MalformedError:
            continue
        assert write(data) == text


@pytest.mark.parametrize(
    "text", ["A", "AA=", "AA==", "AB", "A+", "A/", "AA\n", " AA", "AAAAA", "ÅA", "AA\x00"]
)
def test_second_spellings_are_refused(text: str) -> None:
    with pytest.raises(MalformedError):
        unb64u(text)


@pytest.mark.parametrize("text", ["AA", "AB==", "AA==\n", "A===", "AA=A", "A-==", "=", "AAAA="])
def test_second_spellings_with_padding_are_refused(text: str) -> None:
    with pytest.raises(MalformedError):
        unb64(text)


def test_a_length_that_is_fixed_is_checked() -> None:
    with pytest.raises(MalformedError) as caught:
        unb64u("AAAA", pointer="/salt", length=32)
    assert (caught.value.pointer, caught.value.expected) == ("/salt", "32 bytes")
