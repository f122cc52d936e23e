"""The status of a grant from a published list: only "valid" lets anybody go on, and everything odd raises."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from consent.client.errors import Unavailable
from consent.client.grant_status import fetch_status_list, grant_status
from consent.client.transport import HttpRequest, HttpResponse, TransportError
from signing.countersignature import Countersignature
from signing.errors import SigningError, UntrustedError
from signing.keys import PrivateKey
from signing.status_list import StatusList, sign_status_list
from signing.trust import PublishedRole, Trust, TrustedKey

AT = datetime(2026, 12, 1, 9, 0, 0, tzinfo=UTC)
URI = "https://registry.example/status/live/0"
KEY = PrivateKey(bytes(range(32)))
RETIRED = PrivateKey(bytes(range(1, 33)))
RECEIPTS = PrivateKey(bytes(range(2, 34)))
OTHER_SIDE = PrivateKey(bytes(range(3, 35)))


def _key(
    key: PrivateKey, role: PublishedRole = "status", *, livemode: bool = True, ends: datetime
) -> TrustedKey:
    begun = AT - timedelta(days=400)
    return TrustedKey(key=key.public, role=role, livemode=livemode, not_before=begun, not_after=ends)


TRUST = Trust(
    issuers={True: "https://registry.example"},
    keys=(
        _key(KEY, ends=AT + timedelta(days=90)),
        _key(RETIRED, ends=AT - timedelta(minutes=5)),
        _key(RECEIPTS, "receipt", ends=AT + timedelta(days=90)),
        _key(OTHER_SIDE, livemode=False, ends=AT + timedelta(days=90)),
    ),
)


def _recorded(index: int, *, uri: str = URI) -> Countersignature:
    return Countersignature(
        grant="grt_" + "a" * 26,
        grant_sha256="ab" * 32,
        seq=7,
        recorded_at=AT,
        status_uri=uri,
        status_idx=index,
        livemode=True,
    )


def _list(statuses: dict[int, int], *, key: PrivateKey = KEY, at: datetime = AT, uri: str = URI) -> str:
    return sign_status_list(uri, StatusList.of(statuses), key=key, at=at)


@pytest.mark.parametrize(("status", "word"), [(0, "valid"), (1, "invalid"), (2, "suspended"), (3, "invalid")])
def test_each_status_has_its_word_and_an_unknown_one_denies(status: int, word: str) -> None:
    token = _list({41: status, 40: 0 if status else 1})
    found = grant_status(token, countersignature=_recorded(41), trust=TRUST, at=AT + timedelta(minutes=1))
    assert found.says == word
    assert (found.issued_at, found.expires_at) == (AT, AT + timedelta(minutes=15))


@pytest.mark.parametrize(
    "token",
    [
        _list({}, at=AT - timedelta(minutes=15)),
        _list({}, at=AT + timedelta(minutes=2)),
        _list({}, uri=URI + "1"),
        _list({}, key=RECEIPTS),
        _list({}, key=OTHER_SIDE),
        _list({}, key=PrivateKey(bytes(range(9, 41)))),
        # Its date was chosen by whoever has the retired key: it says that it was made in the key's time.
        _list({}, key=RETIRED, at=AT - timedelta(minutes=6)),
        _list({})[:-4] + "AAAA",
        "",
        "a.b.c",
    ],
    ids=["expired", "early", "address", "role", "side", "unknown", "retired", "forged", "empty", "odd"],
)
def test_what_is_not_this_list_of_now_raises(token: str) -> None:
    with pytest.raises(SigningError):
        grant_status(token, countersignature=_recorded(41), trust=TRUST, at=AT)


def test_a_list_of_the_live_side_says_nothing_of_a_test_grant() -> None:
    from dataclasses import replace

    with pytest.raises(UntrustedError, match="not a test status key"):
        grant_status(_list({}), countersignature=replace(_recorded(41), livemode=False), trust=TRUST, at=AT)


@dataclass
class Wire:
    """Answers once as it is told, and keeps what was asked."""

    answer: HttpResponse | TransportError
    asked: list[HttpRequest] = field(default_factory=list)

    def send(self, request: HttpRequest) -> HttpResponse:
        self.asked.append(request)
        if isinstance(self.answer, TransportError):
            raise self.answer
        return self.answer


def test_the_list_is_fetched_from_the_address_in_the_countersignature() -> None:
    wire = Wire(HttpResponse(status=200, headers={}, body=_list({}).encode()))
    assert fetch_status_list(URI, transport=wire) == _list({})
    (asked,) = wire.asked
    assert (asked.method, asked.url, asked.headers) == ("GET", URI, {"Accept": "application/statuslist+jwt"})
    assert asked.max_bytes <= 1 << 21 and "Authorization" not in asked.headers


@pytest.mark.parametrize(
    "answer",
    [
        HttpResponse(status=503, headers={}, body=b""),
        HttpResponse(status=301, headers={"location": "https://evil.example"}, body=b""),
        HttpResponse(status=200, headers={}, body=b"\xff"),
        TransportError("cut off"),
    ],
)
def test_no_list_is_no_yes(answer: HttpResponse | TransportError) -> None:
    with pytest.raises(Unavailable, match="/status/live/0: "):
        fetch_status_list(URI, transport=Wire(answer))
