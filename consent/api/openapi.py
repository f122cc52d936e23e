"""The OpenAPI 3.1 document, generated from the views' operations and the wire types (msgspec → JSON Schema).

Nothing in it is written twice: a route that is not here does not exist, and the other way round.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec import UNSET

from consent.api.authzen_schema import tell_authzen
from consent.api.idempotency import HEADER_PATTERN
from consent.api.operation import Actor, Idempotency, Operation
from consent.api.query import NoQuery
from consent.api.question_schema import tell_forms
from consent.check.changes.metering import ROUTE as POLLS
from consent.core.wire.check import Problem
from consent.core.wire.problem import CONTENT_TYPE
from consent.core.wire.problem_kinds import KINDS

_REF = "#/components/schemas/{name}"
_SECURITY = {
    Actor.ORGANIZATION: "api_key",
    Actor.PERFORMER: "performer_proof",
    Actor.NEWCOMER: "performer_proof",
}
# What a name in a path may be. Anything else is an address that does not exist.
PATH_PREFIXES = {
    "offer": "off", "grant": "grt", "invitation": "inv", "member": "mem",
    "key": "key", "decision": "dec", "record": "pri", "performer": "prf",
    "erasure": "era",
}  # fmt: skip

Routes = Iterable[tuple[str, Mapping[str, Operation]]]

_LIMITS: dict[str, Any] = {
    "headers": {
        "RateLimit-Policy": {
            "description": "The limits that count for this key, if any: `q` rows or calls in `w` seconds.",
            "schema": {"type": "string"},
        },
        "RateLimit": {
            "description": "What remains of each limit, and after how many seconds there is more.",
            "schema": {"type": "string"},
        },
    }
}


def document(routes: Routes, *, origin: str, version: str) -> dict[str, Any]:
    """The whole document. `routes` are (path with {names}, method → operation)."""
    routes = [(path, dict(methods)) for path, methods in routes]
    operations = [each for _, methods in routes for each in methods.values()]
    types = _types(operations)
    schemas, components = msgspec.json.schema_components(types, ref_template=_REF)
    tell_forms(components)
    tell_authzen(components)
    by_type = {id(kind): schema for kind, schema in zip(types, schemas, strict=True)}
    paths: dict[str, Any] = {}
    for path, methods in routes:
        paths[path] = {method: _operation(each, path, by_type) for method, each in sorted(methods.items())}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Consent registry",
            "version": version,
            "description": "Signed, revocable consent for voice and likeness cloning. A deny is an answer with "
            "status 200; a problem is never a decision.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": origin}],
        "tags": [{"name": tag} for tag in sorted({each.tag for each in operations})],
        "paths": paths,
        "components": {
            "schemas": _without_empty_defaults(components),
            "securitySchemes": {
                "api_key": {"type": "http", "scheme": "bearer", "description": "crk_live_… or crk_test_…"},
                "performer_proof": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "`Performer ` and a JWS (typ consent-performer-proof+jwt) by the performer's "
                    "key over {htm, htu, iat, jti}; works once, for 60 seconds.",
                },
            },
        },
    }


def _types(operations: list[Operation]) -> list[Any]:
    types: list[Any] = [Problem]
    for each in operations:
        for kind in (each.answer, each.body):
            if kind is not None and kind is not bytes and not any(kind is known for known in types):
                types.append(kind)
    return types


def _operation(described: Operation, path: str, by_type: Mapping[int, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {
        "operationId": described.id,
        "summary": described.summary,
        "tags": [described.tag],
        "parameters": _parameters(described, path),
        "responses": _responses(described, path, by_type),
    }
    if described.description:
        out["description"] = described.description
    if described.body is not None:
        out["requestBody"] = {
            "required": not described.body_optional,
            "content": {"application/json": {"schema": by_type[id(described.body)]}},
        }
    security = _SECURITY.get(described.actor)
    out["security"] = [{security: []}] if security else []
    if described.scope:
        out["x-scope"] = described.scope
    return out


def _parameters(described: Operation, path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for name in re.findall(r"\{(\w+)\}", path):
        prefix = PATH_PREFIXES.get(name)
        schema: dict[str, Any] = {"type": "string", "minLength": 1}
        if prefix:
            schema["pattern"] = f"^{prefix}_[A-Za-z0-9_-]{{1,120}}$"
        found.append({"name": name, "in": "path", "required": True, "schema": schema})
    if described.query is not None:
        found.extend(_query_parameters(described.query))
    if described.idempotency is not Idempotency.NONE:
        found.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": described.idempotency is Idempotency.REQUIRED,
                "description": "Kept 24 hours: the same request is answered the same, another is refused.",
                "schema": {"type": "string", "pattern": HEADER_PATTERN},
            }
        )
    return found


def _query_parameters(query: type[Any]) -> list[dict[str, Any]]:
    if query is NoQuery:
        return []
    _, components = msgspec.json.schema_components([query], ref_template=_REF)
    properties = components[query.__name__]["properties"]
    required = components[query.__name__].get("required", [])
    return [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            "schema": {key: value for key, value in each.items() if key != "description"},
        }
        | ({"description": each["description"]} if "description" in each else {})
        for name, each in properties.items()
    ]


def _responses(described: Operation, path: str, by_type: Mapping[int, Any]) -> dict[str, Any]:
    content = {
        media_type: {"schema": {} if described.answer is bytes else by_type[id(described.answer)]}
        for media_type in described.media_types
    }
    if described.csv:
        content["text/csv"] = {"schema": {"type": "string"}}
    headers = _LIMITS if described.actor is Actor.ORGANIZATION and not described.stops else {}
    responses: dict[str, Any] = {
        str(described.status): {"description": "Done.", "content": content, **headers}
    }
    if described.may_wait:
        responses["202"] = {"description": "Committed, and not enforced yet.", "content": content}
    by_status: dict[int, list[str]] = {}
    for code in problem_codes(described, path):
        by_status.setdefault(KINDS[code].status, []).append(code)
    for status, codes in sorted(by_status.items()):
        titles = "; ".join(f"`{code}`: {KINDS[code].title}" for code in codes)
        responses[str(status)] = {
            "description": titles,
            "content": {CONTENT_TYPE: {"schema": by_type[id(Problem)]}},
            **headers,
        }
    return responses


def problem_codes(described: Operation, path: str) -> list[str]:
    """The codes that the operation may answer: its own, and those that follow from what it takes."""
    codes = ["parameter_invalid", "not_acceptable", "method_not_allowed", "internal", "unavailable", "stale"]
    match described.actor:
        case Actor.ORGANIZATION:
            codes += ["unauthenticated", "key_invalid", "rate_limited"]
        case Actor.PERFORMER | Actor.NEWCOMER:
            codes += ["unauthenticated", "proof_invalid", "proof_replayed"]
    if described.scope:
        codes.append("scope_missing")
    if described.counts and described.counts != POLLS:
        codes.append("quota_exceeded")
    if "{" in path:
        codes.append("not_found")
    if described.query is not None and "cursor" in described.query.__struct_fields__:
        codes.append("cursor_invalid")
    if described.body is not None:
        codes += ["json_invalid", "member_unknown", "member_missing", "type_invalid", "value_invalid"]
        codes += ["body_too_large", "content_type_unsupported"]
        if not described.body_optional:
            codes.append("body_missing")
    if described.idempotency is not Idempotency.NONE:
        codes += ["header_invalid", "idempotency_running", "idempotency_mismatch"]
    if described.idempotency is Idempotency.REQUIRED:
        codes.append("idempotency_key_missing")
    return list(dict.fromkeys([*codes, *described.problems]))


def _without_empty_defaults(components: dict[str, Any]) -> dict[str, Any]:
    """A default of null says nothing to a reader where absence means "not sent"."""
    for schema in components.values():
        for member in schema.get("properties", {}).values():
            if member.get("default", UNSET) is None:
                del member["default"]
    return components
