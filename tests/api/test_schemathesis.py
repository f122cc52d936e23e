"""Checks, offers and statements driven from their own description: what it promises is what happens.

Positive cases follow the schema, negative ones break it. JSON Schema cannot say everything (a signature, a
country's subdivision, what a use needs), so a positive case may be refused for its meaning, never its form.
"""

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from tests.api.house import House

# Codes that say "this is not of the published form". `json_invalid` is not among them: to JSON Schema 1.0 is an
# integer and U+FFFE a character, to I-JSON they are not.
FORM = {
    "member_unknown",
    "member_missing",
    "type_invalid",
    "value_invalid",
    "body_missing",
    "parameter_invalid",
}
# Rules that JSON Schema cannot say. U+0000 is a character to it, which PostgreSQL and so the registry cannot keep; and
# that something stands in one of two places, never in both, it cannot say of OpenAPI's parameters and of all members.
# Which months have a 31st it could say only in a pattern that nobody reads.
MEANING = {"no_nul", "one_place", "said_once", "instant"}
OPERATIONS = [
    ("POST", "/v1/check"),
    ("POST", "/v1/check/batch"),
    ("POST", "/v1/offers"),
    ("GET", "/v1/offers"),
    ("PATCH", "/v1/offers/{offer}"),
    ("POST", "/v1/offers/{offer}/send"),
    ("POST", "/v1/statements"),
    ("GET", "/v1/changes"),
    ("POST", "/access/v1/evaluation"),
    ("POST", "/access/v1/evaluations"),
]
MODEST = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)


@pytest.fixture(scope="session")
def described(house: "House") -> Any:
    """The schema as schemathesis reads it, and an organization's headers."""
    import schemathesis

    from tests.api.house import client

    pipeline = client(house)
    schema = schemathesis.openapi.from_wsgi("/v1/openapi.json", house.application)
    return schema, {"Authorization": f"Bearer {pipeline.secret}"}


def excluded() -> list[Any]:
    """`positive_data_acceptance` is replaced by the stricter reading above."""
    from schemathesis.specs.openapi import checks

    return [checks.positive_data_acceptance]


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
@pytest.mark.parametrize("mode", ["positive", "negative"])
def test_what_the_description_promises_is_what_happens(
    described: Any, method: str, path: str, mode: str
) -> None:
    from schemathesis import GenerationMode

    schema, headers = described
    strategy = schema[path][method].as_strategy(generation_mode=GenerationMode(mode))
    seen: set[int] = set()

    @MODEST
    @given(data=st.data())
    def drive(data: st.DataObject) -> None:
        case = data.draw(strategy)
        response = case.call_and_validate(headers=headers, excluded_checks=excluded())
        seen.add(response.status_code)
        if mode == "positive" and response.status_code == 400:
            problem = response.json()
            if MEANING.isdisjoint(error["rule"] for error in problem.get("errors", ())):
                assert problem["code"] not in FORM, response.text

    drive()
    assert seen
