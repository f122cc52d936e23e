"""The lane and the API's view answer alike, byte for byte; and the lane takes only what is plain."""

import io
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.check.two_faces import TwoFaces

SINGLES, BATCHES = 900, 150


@pytest.fixture(scope="module")
def faces(check_log_ports: Any) -> "TwoFaces":
    """Both faces over one registry."""
    from tests.check.two_faces import two_faces

    return two_faces(check_log_ports)


def _same(faces: "TwoFaces", path: str, body: bytes, secret: str) -> int:
    by_view = faces.by_view(path, body, secret)
    by_lane = faces.by_lane(path, body, secret)
    assert by_lane[:2] == by_view[:2], body
    for name in ("Content-Type", "Cache-Control", "Retry-After", "WWW-Authenticate"):
        assert by_lane[2].get(name) == by_view[2].get(name), (name, body)
    return by_lane[0]


def test_both_answer_every_question_alike(faces: "TwoFaces") -> None:
    from tests.api.house import granted
    from tests.check.questions import questions
    from tests.registry.terms import COUNTED, INFER, TRAIN, terms

    of = granted(faces.house, terms=terms(TRAIN, INFER, COUNTED))
    seen: dict[str, int] = {}
    for body in questions(of.reference, count=SINGLES, seed=1):
        status = _same(faces, "/v1/check", body, of.pipeline.secret)
        answer = json.loads(faces.by_lane("/v1/check", body, of.pipeline.secret)[1])
        kind = answer.get("decision") or f"{status} {answer['code']}"
        seen[kind] = seen.get(kind, 0) + 1
    # The questions are worth something: both decisions, and many kinds of problems.
    assert seen["allow"] > 50 and seen["deny"] > 50 and len(seen) > 10, seen
    assert faces.primary.asked < SINGLES / 20  # the lane really answered from memory


def test_both_answer_every_batch_alike(faces: "TwoFaces") -> None:
    from tests.api.house import granted
    from tests.check.questions import batches
    from tests.registry.terms import INFER, TRAIN, terms

    of = granted(faces.house, terms=terms(TRAIN, INFER))
    statuses = {
        _same(faces, "/v1/check/batch", body, of.pipeline.secret)
        for body in batches(of.reference, count=BATCHES, seed=2)
    }
    assert statuses == {200, 400}


def test_both_refuse_a_key_alike(faces: "TwoFaces") -> None:
    from consent.registry.operations.api_keys import revoke_api_key
    from tests.api.house import client

    body = b'{"use":"train.voice","performer":"prf_aaaaaaaaaaaaaaaaaaaaaaaaaa"}'
    assert _same(faces, "/v1/check", body, "crk_live_" + "A" * 43) == 401
    without = client(faces.house, scopes=("events",))
    assert _same(faces, "/v1/check", body, without.secret) == 403
    revoked = client(faces.house)
    assert _same(faces, "/v1/check", body, revoked.secret) == 200
    revoke_api_key(
        faces.house.ports.registry, livemode=True, organization=revoked.organization, key=revoked.key
    )
    faces.feeder.turn()
    assert _same(faces, "/v1/check", body, revoked.secret) == 401


class Slow(io.BytesIO):
    """A body whose rest comes after something happened."""

    def __init__(self, body: bytes, happening: Callable[[], object]) -> None:
        super().__init__(body)
        self._happening = happening

    def read(self, size: int | None = -1) -> bytes:
        """Something happens, then the body is there."""
        self._happening()
        return super().read(size)


def test_after_its_request_was_read_a_check_takes_facts_and_fresh_until_together(faces: "TwoFaces") -> None:
    from tests.api.house import granted
    from tests.check.questions import BASE
    from tests.check.two_faces import environ

    of = granted(faces.house)
    body = json.dumps({**BASE, "performer": of.reference}).encode()
    assert json.loads(faces.by_lane("/v1/check", body, of.pipeline.secret)[1])["decision"] == "allow"

    def end() -> None:
        faces.house.world.say("revocation", of.grant, of.person.key)
        faces.feeder.turn()

    asked = environ("/v1/check", body, of.pipeline.secret, **{"wsgi.input": Slow(body, end)})
    answer = faces.lane.answer(asked)
    assert answer is not None and json.loads(answer.body)["reasons"] == ["no_active_consent"]


def test_a_key_that_was_switched_off_while_its_body_came_asks_nothing(faces: "TwoFaces") -> None:
    from consent.registry.operations.api_keys import revoke_api_key
    from tests.api.house import client
    from tests.check.two_faces import environ

    key = client(faces.house)
    body = b'{"use":"train.voice","performer":"prf_aaaaaaaaaaaaaaaaaaaaaaaaaa"}'
    assert faces.by_lane("/v1/check", body, key.secret)[0] == 200

    def switch_off() -> None:
        registry = faces.house.ports.registry
        revoke_api_key(registry, livemode=True, organization=key.organization, key=key.key)
        faces.feeder.turn()

    asked = environ("/v1/check", body, key.secret, **{"wsgi.input": Slow(body, switch_off)})
    answer = faces.lane.answer(asked)
    assert answer is not None and answer.status == 401


def test_the_view_looks_at_the_key_again_too_once_its_body_is_there(faces: "TwoFaces") -> None:
    from django.core.handlers.wsgi import WSGIRequest
    from django.test import RequestFactory

    from consent.registry.operations.api_keys import revoke_api_key
    from tests.api.house import client
    from tests.check.two_faces import environ

    key = client(faces.house)
    body = b'{"use":"train.voice","performer":"prf_aaaaaaaaaaaaaaaaaaaaaaaaaa"}'

    def ask(happening: Callable[[], object]) -> int:
        asked = environ("/v1/check", body, key.secret, **{"wsgi.input": Slow(body, happening)})
        request = WSGIRequest({**RequestFactory()._base_environ(), **asked})
        return int(faces.house.application.get_response(request).status_code)

    def switch_off() -> None:
        registry = faces.house.ports.registry
        revoke_api_key(registry, livemode=True, organization=key.organization, key=key.key)

    assert ask(lambda: None) == 200
    assert ask(switch_off) == 401


@pytest.mark.parametrize(
    "odd",
    [
        {"REQUEST_METHOD": "GET"},
        {"REQUEST_METHOD": "PUT"},
        {"QUERY_STRING": "a=1"},
        {"PATH_INFO": "/v1/check/"},
        {"PATH_INFO": "/v1/grants"},
        {"CONTENT_TYPE": "text/plain"},
        {"CONTENT_LENGTH": ""},
        {"CONTENT_LENGTH": "0"},
        {"CONTENT_LENGTH": "-1"},
        {"CONTENT_LENGTH": "99999999"},
        {"CONTENT_LENGTH": "\u0663"},
        {"HTTP_ACCEPT": "text/csv"},
        {"HTTP_CONTENT_ENCODING": "gzip"},
        {"HTTP_TRANSFER_ENCODING": "chunked"},
        {"HTTP_EXPECT": "100-continue"},
        {"HTTP_AUTHORIZATION": ""},
        {"HTTP_AUTHORIZATION": "Basic x"},
        {"HTTP_AUTHORIZATION": "Bearer crk_live_short"},
        {"HTTP_AUTHORIZATION": "Performer x.y.z"},
    ],
    ids=lambda odd: "-".join(f"{name}={value}" for name, value in odd.items()),
)
def test_whatever_is_unusual_goes_on_to_the_view_unread(faces: "TwoFaces", odd: dict[str, str]) -> None:
    from tests.check.two_faces import environ

    asked = environ("/v1/check", b"{}", "crk_live_" + "A" * 43, **odd)
    assert faces.lane.answer(asked) is None
    assert asked["wsgi.input"].tell() == 0


def test_a_fault_of_ours_says_nothing_and_decides_nothing(
    faces: "TwoFaces", monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.api.house import granted

    of = granted(faces.house)

    def fail(*_: Any, **__: Any) -> Any:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(faces.checks, "answer", fail)
    asked = json.dumps({"use": "train.voice", "performer": of.reference}).encode()
    status, body, _ = faces.by_lane("/v1/check", asked, of.pipeline.secret)
    assert (status, json.loads(body)["code"]) == (500, "internal")
    assert b"secret" not in body


def test_tries_with_unknown_keys_are_remembered_within_bounds(faces: "TwoFaces") -> None:
    from consent.check.cells import KeyCell
    from consent.check.replica import MAX_UNKNOWN, Freshness, Replica, Turn
    from consent.log.position import Position

    replica = Replica(max_bytes=256 << 20)
    fresh = Freshness(
        position=Position(livemode=True, seq=0, chain=bytes(32)),
        read_at=faces.house.world.clock(),
        began=0.0,
        until=1.0,
    )
    unknown = KeyCell(livemode=True, caller=None, expires_at=None)
    cells = {number.to_bytes(32, "big"): unknown for number in range(MAX_UNKNOWN + 50)}
    replica.apply([Turn(livemode=True, freshness=fresh, cells=cells)])
    assert len(replica) == MAX_UNKNOWN
