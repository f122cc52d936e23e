"""Serving status lists: to anybody, never after their end, and from memory while the store is silent."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from signing.keys import PrivateKey
from signing.status_list import StatusList, sign_status_list, verify_status_list

KEY = PrivateKey(bytes(range(32)))
AT = datetime(2026, 12, 1, 9, 0, 0, tzinfo=UTC)
URI = "https://registry.example/status/live/0"


@dataclass
class Store:
    """An object store of one folder in memory, that can be out of reach."""

    objects: dict[str, bytes] = field(default_factory=dict)
    silent: bool = False
    asked: int = 0

    def get(self, key: str) -> bytes:
        from consent.log.errors import ObjectMissingError, StoreUnavailableError

        self.asked += 1
        if self.silent:
            raise StoreUnavailableError("no answer")
        if key not in self.objects:
            raise ObjectMissingError(key)
        return self.objects[key]


@dataclass
class Served:
    """The views over a store, at a time that the test moves."""

    store: Store
    now: datetime = AT
    monotonic_s: float = 100.0

    def __post_init__(self) -> None:
        from consent.server.status_lists import StatusLists

        self._lists = StatusLists(
            self.store,  # type: ignore[arg-type]
            wall=lambda: self.now,
            monotonic=lambda: self.monotonic_s,
        )

    def issue(self, statuses: dict[int, int] | None = None) -> str:
        token = sign_status_list(URI, StatusList.of(statuses or {}), key=KEY, at=self.now)
        self.store.objects["status/live/0"] = token.encode()
        return token

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.monotonic_s += seconds

    def get(
        self, path: str = "status/live/0", *, query: str = "", method: str = "get", **headers: str
    ) -> Any:
        from django.http import Http404, HttpResponseNotFound
        from django.test import RequestFactory
        from django.urls import Resolver404

        request = getattr(RequestFactory(headers=headers), method)(f"/{path}{query}")
        match = next((found for each in self._lists.urls() if (found := each.resolve(path))), None)
        if match is None:
            return HttpResponseNotFound()
        try:
            return match.func(request, *match.args, **match.kwargs)
        except (Http404, Resolver404):
            return HttpResponseNotFound()


@pytest.fixture
def served(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """A list that was issued just now."""
    from django.http import HttpResponse

    from consent.server import status_lists

    # The problem's own form needs a whole registry; which problem it is, is what counts here.
    monkeypatch.setattr(status_lists, "answer", lambda request, error: HttpResponse(error.code, status=503))
    made = Served(Store())
    made.issue({5: 1})
    yield made


def test_anybody_gets_the_signed_list_and_may_keep_it_for_seconds(served: Served) -> None:
    answer = served.get()
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/statuslist+jwt"
    assert answer.headers["Cache-Control"] == "public, max-age=15"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Vary" not in answer.headers and "Set-Cookie" not in answer.headers
    read = verify_status_list(answer.content.decode(), expected_uri=URI, key=KEY.public, at=served.now)
    assert (read.statuses.status(5), read.statuses.status(6)) == (1, 0)
    assert served.get(method="head").status_code == 200
    assert served.get(method="post").status_code == 405


def test_a_list_of_the_past_is_refused_instead_of_answered_with_the_newest(served: Served) -> None:
    answer = served.get(query="?time=1700000000")
    assert (answer.content, answer.headers["Access-Control-Allow-Origin"]) == (b"past_not_served", "*")


def test_who_has_it_already_is_told_so(served: Served) -> None:
    etag = served.get().headers["ETag"]
    again = served.get(**{"If-None-Match": etag})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", etag)
    served.forward(2)
    served.issue({5: 0})
    fresh = served.get(**{"If-None-Match": etag})
    assert fresh.status_code == 200 and fresh.headers["ETag"] != etag


def test_a_list_is_never_served_after_its_end_nor_kept_beyond_it(served: Served) -> None:
    served.forward(15 * 60 - 4)
    assert served.get().headers["Cache-Control"] == "public, max-age=4"
    served.forward(4)
    etag = '"any"'
    for answer in (served.get(), served.get(**{"If-None-Match": etag}), served.get(method="head")):
        assert answer.status_code == 503 and "public" not in answer.headers.get("Cache-Control", "")
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
    served.issue()
    served.forward(1)
    assert served.get().status_code == 200


def test_the_store_is_asked_once_a_second_and_missed_until_the_list_ends(served: Served) -> None:
    from consent.log.errors import StoreUnavailableError

    for _ in range(5):
        served.get()
    assert served.store.asked == 1
    served.forward(1)
    served.store.silent = True
    assert served.get().status_code == 200
    served.forward(15 * 60)
    assert served.get().status_code == 503
    with pytest.raises(StoreUnavailableError):
        Served(served.store).get()


@pytest.mark.parametrize(
    "path",
    ["status/live/1", "status/test/0", "status/live/00", "status/live/", "status/live/-1", "status/other/0",
     "status/live/0/", "status/live/1234567890", "status/live/x", "status/live/0/0"],
)  # fmt: skip
def test_there_is_no_other_list(served: Served, path: str) -> None:
    assert served.get(path).status_code == 404
