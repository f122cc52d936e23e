"""The API reference: the OpenAPI document arranged for reading."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One member of a body: its name, its type in words, whether it must be there, and what it means."""

    name: str
    kind: str
    required: bool
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One operation of the API."""

    method: str
    path: str
    anchor: str
    summary: str
    description: str
    parameters: tuple[Member, ...]
    request: tuple[Member, ...]
    answers: tuple[tuple[str, str], ...]
    response: tuple[Member, ...]


def by_tag(document: Mapping[str, Any]) -> list[tuple[str, list[Route]]]:
    """Routes under their tags, in the order of paths."""
    found: dict[str, list[Route]] = {}
    for path, methods in sorted(document["paths"].items()):
        for method, operation in methods.items():
            tag = operation.get("tags", ["other"])[0]
            found.setdefault(tag, []).append(_route(document, path, method, operation))
    return sorted(found.items())


def _route(document: Mapping[str, Any], path: str, method: str, operation: Mapping[str, Any]) -> Route:
    answers = tuple(
        (status, answer.get("description", "")) for status, answer in sorted(operation["responses"].items())
    )
    good: Mapping[str, Any] = next(
        (operation["responses"][status] for status, _ in answers if status.startswith("2")), {}
    )
    return Route(
        method=method.upper(),
        path=path,
        anchor=operation.get("operationId", f"{method}{path}"),
        summary=operation.get("summary", ""),
        description=operation.get("description", ""),
        parameters=tuple(_parameters(document, operation)),
        request=tuple(_members(document, _schema(operation.get("requestBody", {})))),
        answers=answers,
        response=tuple(_members(document, _schema(good))),
    )


def _parameters(document: Mapping[str, Any], operation: Mapping[str, Any]) -> Iterator[Member]:
    for parameter in operation.get("parameters", ()):
        yield Member(
            name=f"{parameter['name']} ({parameter['in']})",
            kind=_in_words(document, parameter.get("schema", {})),
            required=parameter.get("required", False),
            meaning=parameter.get("description", ""),
        )


def _schema(holder: Mapping[str, Any]) -> Mapping[str, Any]:
    """The JSON schema of a request body or response, whatever its media type; {} if it has none."""
    media: Mapping[str, Any] = next(
        (kind for name, kind in holder.get("content", {}).items() if "json" in name), {}
    )
    schema: Mapping[str, Any] = media.get("schema", {})
    return schema


def _resolve(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    seen = 0
    while "$ref" in schema and seen < 10:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        seen += 1
    return schema


def _members(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[Member]:
    resolved = _resolve(document, schema)
    required = set(resolved.get("required", ()))
    for name, member in resolved.get("properties", {}).items():
        yield Member(
            name=name,
            kind=_in_words(document, member),
            required=name in required,
            meaning=member.get("description", "") or _resolve(document, member).get("description", ""),
        )


def _in_words(document: Mapping[str, Any], schema: Mapping[str, Any], depth: int = 0) -> str:
    if "$ref" in schema:
        name = str(schema["$ref"].rpartition("/")[2])
        target = _resolve(document, schema)
        return " or ".join(map(str, target["enum"])) if "enum" in target else name
    if "enum" in schema:
        return " or ".join(map(str, schema["enum"]))
    if "const" in schema:
        return str(schema["const"])
    for many in ("anyOf", "oneOf"):
        if many in schema and depth < 4:
            return " or ".join(_in_words(document, each, depth + 1) for each in schema[many])
    kind = schema.get("type", "any")
    if kind == "array" and depth < 4:
        return f"list of {_in_words(document, schema.get('items', {}), depth + 1)}"
    return " or ".join(kind) if isinstance(kind, list) else str(kind)
