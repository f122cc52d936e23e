"""The OpenAPI document: valid, complete, and true to the views."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.api.house import House


def test_the_document_is_valid_openapi_3_1(house: "House") -> None:
    from openapi_spec_validator import OpenAPIV31SpecValidator, validate

    document = house.send("GET", "/v1/openapi.json")
    assert document.status == 200 and document.json["openapi"] == "3.1.0"
    validate(document.json, cls=OpenAPIV31SpecValidator)


def test_every_route_is_described_and_every_description_is_a_route(house: "House") -> None:
    from consent.api.urls import ROUTES

    document = house.send("GET", "/v1/openapi.json").json
    assert set(document["paths"]) == {path for path, _ in ROUTES}
    named = [each["operationId"] for methods in document["paths"].values() for each in methods.values()]
    assert len(named) == len(set(named)) >= 50


def test_every_operation_names_who_may_call_it_and_what_it_may_answer(house: "House") -> None:
    document = house.send("GET", "/v1/openapi.json").json
    for path, methods in document["paths"].items():
        for method, each in methods.items():
            assert "security" in each, (method, path)
            assert each["summary"] and each["tags"], (method, path)
            problems = [status for status in each["responses"] if status >= "400"]
            assert {"400", "406", "500", "503"} <= set(problems), (method, path)
            for status in problems:
                assert list(each["responses"][status]["content"]) == ["application/problem+json"]


def test_request_types_refuse_unknown_members_and_say_so(house: "House") -> None:
    document = house.send("GET", "/v1/openapi.json").json
    schemas = document["components"]["schemas"]
    for methods in document["paths"].values():
        for each in methods.values():
            if body := each.get("requestBody"):
                name = body["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
                # AuthZEN's own objects may grow: its specification has unknown members ignored (§10.1.1).
                grows = name in ("EvaluationRequest", "EvaluationsRequest")
                assert schemas[name].get("additionalProperties", True) is grows, name


def test_polls_answer_429_with_their_limits_and_never_over_a_quota(house: "House") -> None:
    paths = house.send("GET", "/v1/openapi.json").json["paths"]
    for path, method, over_quota in (("/v1/changes", "get", False), ("/v1/check", "post", True)):
        answers = paths[path][method]["responses"]
        assert {"RateLimit", "RateLimit-Policy"} <= set(answers["200"]["headers"])
        assert "rate_limited" in str(answers["429"])
        assert ("quota_exceeded" in str(answers["429"])) is over_quota
