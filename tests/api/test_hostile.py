"""Hostile input against every endpoint: a 4xx problem with a pointer where the body is at fault, never a 500."""

import base64
import json
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.api.house import Answer, House

HOSTILE = Path(__file__).parents[1] / "vectors" / "hostile"
PARSING = [json.loads(line) for line in (HOSTILE / "json-parsing.jsonl").read_text().splitlines()]
NAUGHTY: list[str] = json.loads((HOSTILE / "naughty-strings.json").read_text())
CONFUSABLES = "".join(each["char"] for each in json.loads((HOSTILE / "confusables-ascii.json").read_text()))
# What strings of the list cannot hold, and PostgreSQL, spreadsheets and canonical JSON stumble over.
MORE = [
    "\x00", "a\x00b", "\u2028", "\ufeff", "\ufffe", "\U0001ffff", "e\u0301", "\u202etxet", "a" * 10_000, "=1+1",
    "%s%n", "${jndi:ldap://x}", "{{7*7}}", "..\\..\\", "prf_" + "\u0430" * 26, "external_id:\x00",
    "external_id:" + "x" * 500, CONFUSABLES[:200],
]  # fmt: skip
STRINGS = list(dict.fromkeys([*NAUGHTY, *MORE]))


@pytest.fixture(scope="module")
def doors(house: "House") -> Any:
    """Every operation with a body or a query, as somebody who may call it."""
    from consent.api.openapi import PATH_PREFIXES
    from consent.api.operation import Actor
    from consent.api.urls import operations
    from tests.api.house import granted, performer

    of = granted(house)
    me = performer(house, of.person)
    owned = {"offer": of.offer, "grant": of.grant, "key": of.pipeline.key, "performer": of.reference}

    def anybody(method: str, path: str, **options: Any) -> "Answer":
        return house.send(method, path, **options)

    callers = {
        Actor.ORGANIZATION: of.pipeline,
        Actor.PERFORMER: me,
        Actor.NEWCOMER: me,
        Actor.ANYBODY: anybody,
    }
    found = []
    for path, methods in operations():
        filled = path
        for name, prefix in PATH_PREFIXES.items():
            filled = filled.replace(f"{{{name}}}", owned.get(name, f"{prefix}_{'a' * 26}"))
        for method, described in methods.items():
            # Switching off the very key that asks would end the test, not test it.
            if described.id not in ("revokeKey", "rotateKey"):
                found.append((described, callers[described.actor], method.upper(), filled))
    return found


def _refused(answer: "Answer", context: Any) -> dict[str, Any]:
    assert 400 <= answer.status < 500, (context, answer.status, answer.data[:300])
    assert answer.headers["Content-Type"] == "application/problem+json", context
    problem: dict[str, Any] = answer.json
    assert problem["request_id"].startswith("req_") and problem["code"] and problem["type"], context
    return problem


def _never_a_failure(answer: "Answer", context: Any) -> None:
    assert answer.status < 500, (context, answer.status, answer.data[:300])
    if answer.status >= 400:
        problem = _refused(answer, context)
        if problem["code"] in ("type_invalid", "value_invalid", "member_unknown", "member_missing"):
            assert problem["errors"][0]["pointer"] is not None, context


def test_no_body_that_is_not_strict_json_gets_in_anywhere(doors: Any) -> None:
    bodies = [
        (each["name"], zlib.decompress(base64.b64decode(each["zlib_b64"])), each["expect"])
        for each in PARSING
    ]
    for described, call, method, path in doors:
        if described.body is None:
            continue
        for place, (name, body, expect) in enumerate(bodies):
            if not body:
                continue
            headers = {"Idempotency-Key": f"hostile-{place}", "Content-Type": "application/json"}
            answer = call(method, path, data=body, headers=headers)
            _never_a_failure(answer, (described.id, name))
            if expect == "reject":
                problem = _refused(answer, (described.id, name))
                if described.actor.value not in ("newcomer",):
                    assert problem["code"] in ("json_invalid", "body_too_large", "type_invalid"), (
                        name,
                        problem,
                    )


def test_a_naughty_string_in_any_member_of_any_body_is_answered(doors: Any) -> None:
    for described, call, method, path in doors:
        if described.body is None:
            continue
        for place, (member, text) in enumerate(_members(described)):
            headers = {"Idempotency-Key": f"naughty-{place}"}
            answer = call(method, path, json_body=_planted(described, member, text), headers=headers)
            _never_a_failure(answer, (described.id, member, text))


def _members(described: Any) -> list[tuple[str, str]]:
    """Each string with one of the type's members in turn, so that every string and every member is met."""
    names = list(described.body.__struct_fields__) or ["anything"]
    return [(names[place % len(names)], text) for place, text in enumerate(STRINGS)]


def _planted(described: Any, member: str, text: str) -> Any:
    from tests.registry.terms import terms

    bases: dict[str, Any] = {
        "check": {"use": "train.voice", "performer": "prf_" + "a" * 26},
        "checkBatch": {"checks": [{"id": "1", "use": "train.voice", "performer": text}]},
        "draftOffer": {"terms": terms(project={"ref": "x", "title": text})},
        "createKey": {"name": "x", "scopes": ["check"]},
        "addMember": {"email": "a@b.example", "role": "desk", "display_name": "x"},
        "setExternalId": {"performer": "prf_" + "a" * 26, "external_id": "x"},
        "prepareGrant": {"language": "en", "credential": "a" * 43},
    }
    base = dict(bases.get(described.id, {}))
    if member in ("metadata", "context"):
        return {**base, member: {text: text}}
    if member in ("checks", "terms") and member in base:
        return base
    return {**base, member: text}


def test_a_naughty_string_anywhere_inside_terms_is_refused_by_its_pointer(house: "House") -> None:
    from tests.api.house import client
    from tests.registry.terms import terms

    pipeline = client(house)
    paths = _paths(terms())
    for place, text in enumerate(STRINGS):
        path = paths[place % len(paths)]
        document = terms()
        _plant(document, path, text)
        answer = pipeline("POST", "/v1/offers", {"terms": document})
        _never_a_failure(answer, (path, text))
        if answer.status == 400:
            assert answer.json["errors"][0]["pointer"].startswith("/terms"), (path, text, answer.json)


def test_a_naughty_string_anywhere_inside_a_signed_statement_is_refused(house: "House") -> None:
    from tests.api.house import granted

    of = granted(house)
    envelope = json.loads(of.person.key.sign(house.world.about("revocation", of.grant, of.person.key)))
    paths = _paths(envelope)
    for place, text in enumerate(STRINGS):
        document = json.loads(json.dumps(envelope))
        _plant(document, paths[place % len(paths)], text)
        headers = {"Idempotency-Key": f"statement-{place}"}
        answer = house.send("POST", "/v1/statements", json_body=document, headers=headers)
        if document != envelope:
            _refused(answer, (paths[place % len(paths)], text))
    assert of.ask().json["decision"] == "allow"


def test_a_naughty_string_anywhere_in_an_enrolment_is_answered(house: "House") -> None:
    from signing.keys import PrivateKey
    from tests.api.house import Performer
    from tests.registry.world import Key

    for place, text in enumerate(STRINGS):
        key = PrivateKey.generate()
        body = {
            "livemode": False,
            "public_key": key.public.to_jwk(),
            "stage_names": ["Nova Reed"],
            "identity": {"legal_name": "Nora", "birth_date": "1991-02-28", "email": "nora@mail.example"},
            "label": "laptop",
        }
        paths = _paths(body)
        _plant(body, paths[place % len(paths)], text)
        answer = Performer(house=house, key=Key(software=key))("POST", "/v1/enrolments", body)
        _never_a_failure(answer, (paths[place % len(paths)], text))
        if answer.status == 400:
            assert answer.json["errors"][0]["pointer"].startswith("/"), (
                paths[place % len(paths)],
                answer.json,
            )


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [found for name, each in value.items() for found in _paths(each, (*path, name))]
    if isinstance(value, list):
        return [found for place, each in enumerate(value) for found in _paths(each, (*path, place))]
    return [path]


def _plant(document: Any, path: tuple[Any, ...], text: str) -> None:
    for step in path[:-1]:
        document = document[step]
    document[path[-1]] = text


def test_a_naughty_query_header_or_path_is_answered(doors: Any, house: "House") -> None:
    from urllib.parse import quote

    from tests.api.house import client

    pipeline = client(house)
    for text in STRINGS:
        quoted = quote(text[:2000], safe="")
        for path in (f"/v1/offers?q={quoted}", f"/v1/offers?{quoted}=1", f"/v1/grants?external_id={quoted}",
                     f"/v1/offers/{quoted}", f"/v1/receipts/dec_{quoted}", f"/v1/offers?cursor={quoted}"):  # fmt: skip
            _never_a_failure(pipeline("GET", path), path)
        printable = (
            text.encode("ascii", "replace").decode().replace("\r", "").replace("\n", "").replace("\x00", "")
        )
        for name in ("Accept", "Idempotency-Key", "Authorization", "X-Request-Id", "Content-Encoding"):
            headers = {name: printable[:500]}
            _never_a_failure(
                house.send("POST", "/v1/check", json_body={"use": "x"}, headers=headers), headers
            )


@pytest.mark.parametrize("depth", [40, 2_000, 30_000])
def test_a_deep_body_is_refused_without_exhausting_the_stack(doors: Any, depth: int) -> None:
    body = b'{"a":' * depth + b"1" + b"}" * depth
    arrays = b"[" * depth + b"]" * depth
    for described, call, method, path in doors:
        if described.body is not None:
            for data in (body, arrays):
                headers = {"Idempotency-Key": f"deep-{depth}", "Content-Type": "application/json"}
                _refused(call(method, path, data=data, headers=headers), described.id)


def test_wrong_types_at_every_member_are_refused_by_their_pointer(doors: Any) -> None:
    wrong: list[Any] = [None, 7, -1, 2**53, "text", [], {}, [[]], {"a": {}}]
    for described, call, method, path in doors:
        if described.body is None or described.actor.value == "newcomer":
            continue
        for member in described.body.__struct_fields__:
            for place, value in enumerate(wrong):
                headers = {"Idempotency-Key": f"types-{member}-{place}"}
                answer = call(method, path, json_body={member: value}, headers=headers)
                _never_a_failure(answer, (described.id, member, value))
                if (
                    answer.status == 400 and answer.json["code"] != "selector_missing"
                ):  # that of the whole: ""
                    assert answer.json["errors"][0]["pointer"].startswith("/"), (described.id, answer.json)


def test_a_nul_is_refused_by_its_pointer_even_where_the_type_would_take_it(house: "House") -> None:
    from tests.api.house import client
    from tests.registry import terms

    line = terms.line("l1", "train.voice", {"kind": "base_model", "v": 1, "ids": ["a\x00"]})
    for body, pointer in (
        ({"terms": terms.terms(line)}, "/terms/lines/0/constraints/0/ids/0"),
        ({"\x00": 1}, "/\N{REPLACEMENT CHARACTER}"),
    ):
        answer = client(house)("POST", "/v1/offers", body)
        assert (answer.status, answer.json["code"]) == (400, "value_invalid")
        assert (answer.json["errors"][0]["rule"], answer.json["errors"][0]["pointer"]) == ("no_nul", pointer)
