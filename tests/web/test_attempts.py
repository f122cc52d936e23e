"""The brake on guessing: by address, for ten minutes, in bounded memory."""

import pytest
from django.http import HttpRequest
from django.test import RequestFactory

from consent.check.limits.addresses import address_of
from consent.web.public.attempts import MAX_ADDRESSES, Attempts


def _request(peer: str, told: str = "") -> HttpRequest:
    headers = {"HTTP_X_FORWARDED_FOR": told} if told else {}
    return RequestFactory().get("/", REMOTE_ADDR=peer, **headers)


@pytest.mark.parametrize(
    ("peer", "told", "address"),
    [
        ("203.0.113.9", "", "203.0.113.9"),
        ("9.9.9.9", "198.51.100.1", "9.9.9.9"),  # nobody of ours: what it says counts for nothing
        ("127.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.7", "6.6.6.6, 198.51.100.1", "198.51.100.1"),  # only what the nearest proxy wrote
        ("127.0.0.1", "nonsense", "127.0.0.1"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("2001:db8:1:2:3::4", "", "2001:db8:1:2::/64"),
        (
            "::ffff:9.9.9.9",
            "198.51.100.1",
            "9.9.9.9",
        ),  # IPv4 on a socket of both kinds is no neighbour
        ("::ffff:10.0.0.7", "198.51.100.1", "198.51.100.1"),
        ("", "", ""),
    ],
)
def test_an_address_is_the_peers_or_what_our_own_proxy_says(peer: str, told: str, address: str) -> None:
    assert address_of(_request(peer, told).META) == address


def test_tries_come_back_after_ten_minutes() -> None:
    now = [0.0]
    attempts = Attempts(2, monotonic=lambda: now[0])
    request = _request("203.0.113.9")
    for _ in range(2):
        assert not attempts.used_up(request)
        attempts.note(request)
    assert attempts.used_up(request)
    assert not attempts.used_up(_request("203.0.113.10"))
    now[0] = 600.0
    assert not attempts.used_up(request)


def test_a_million_addresses_take_no_more_memory_than_ten_thousand() -> None:
    attempts = Attempts(1, monotonic=lambda: 0.0)
    for number in range(MAX_ADDRESSES + 50):
        attempts.note(_request(f"2001:db8:{number >> 8:x}:{number & 255:x}::1"))
    assert len(attempts._tries) == MAX_ADDRESSES
