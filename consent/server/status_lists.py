"""The status lists for everybody: `/status/live/0` and so on, as the publisher put them into the object store."""

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.urls import URLPattern, path, register_converter
from django.views.decorators.http import require_safe

from consent.core.wire.problem import ApiError
from consent.log.boot_clock import boot_clock_s
from consent.log.errors import ObjectMissingError, StoreError
from consent.log.objects import ObjectStore
from consent.registry.status_lists.issuing import object_key
from consent.server.problems import answer
from signing import jws
from signing.canonical import parse
from signing.status_list import OUR_TTL_S, read_status_list

MEDIA_TYPE = "application/statuslist+jwt"  # Token Status List § 8.1
LOOK_AGAIN_S = 1.0  # a process asks the store for one list at most so often
# With the reader's own ttl of 60 s nobody behind a cache holds a list for longer than 75 s.
MAX_AGE = timedelta(seconds=15)
assert MAX_AGE.total_seconds() <= OUR_TTL_S


class _ListName:
    """A side and the number of a list, as `live/0`."""

    regex = r"(?:live|test)/(?:0|[1-9][0-9]{0,8})"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(_ListName, "list_name")


@dataclass(frozen=True, slots=True)
class _Kept:
    """A list as it was read: its bytes, their name, and when they are good for nothing any more."""

    token: bytes
    etag: str
    expires_at: datetime


class StatusLists:
    """The lists of this registry, each kept for a second; for many threads.

    `wall` is the node's UTC clock, `monotonic` counts seconds.
    """

    def __init__(
        self,
        objects: ObjectStore,
        *,
        wall: Callable[[], datetime],
        monotonic: Callable[[], float] = boot_clock_s,
    ) -> None:
        self._objects = objects
        self._wall = wall
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, _Kept]] = {}

    def urls(self) -> list[URLPattern]:
        """Every route."""
        return [path("status/<list_name:name>", require_safe(self.one), name="status-list")]

    def one(self, request: HttpRequest, name: str) -> HttpResponse:
        """One list, signed. A list that has expired is never answered."""
        if "time" in request.GET:  # § 8.4, historical resolution: today's list must not pass for a former one
            return _for_everybody(answer(request, ApiError("past_not_served")))
        side, _, number = name.partition("/")
        kept = self._found(object_key(livemode=side == "live", number=int(number)))
        left = kept.expires_at - self._wall()
        if left <= timedelta(0):
            return _for_everybody(answer(request, ApiError("unavailable")))
        response: HttpResponse
        if kept.etag in request.headers.get("If-None-Match", ""):
            response = HttpResponseNotModified()
        else:
            response = HttpResponse(kept.token, content_type=MEDIA_TYPE)
        response.headers["ETag"] = kept.etag
        response.headers["Cache-Control"] = f"public, max-age={int(min(MAX_AGE, left).total_seconds())}"
        return _for_everybody(response)

    def _found(self, key: str) -> _Kept:
        with self._lock:
            looked_at, kept = self._kept.get(key, (0.0, None))
        if kept is not None and self._monotonic() - looked_at < LOOK_AGAIN_S:
            return kept
        try:
            token = self._objects.get(key)
        except ObjectMissingError as exc:
            raise Http404 from exc
        except StoreError:
            if kept is None:
                raise
            return kept  # until it expires, a list is as good as it was
        if kept is None or kept.token != token:
            kept = _read(token)
        with self._lock:
            self._kept[key] = (self._monotonic(), kept)
        return kept


def _read(token: bytes) -> _Kept:
    payload = parse(jws.parse_compact(token.decode("ascii")).payload_bytes, max_bytes=jws.MAX_TOKEN_BYTES)
    assert isinstance(payload, dict)  # as the publisher wrote it
    return _Kept(token, f'"{hashlib.sha256(token).hexdigest()[:32]}"', read_status_list(payload).expires_at)


def _for_everybody(response: HttpResponse) -> HttpResponse:
    """Anybody may read a list, also a page of somebody else's in a browser."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
