"""A query parameter of the wrong form is refused in words: what was expected, what came, what to do."""

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    from tests.api.house import House


@pytest.mark.parametrize(
    ("path", "name", "value", "expected"),
    [
        ("/v1/changes?nonce=n&after=", "after", "ct_short", "`through` of the page before, exactly as it was given"),
        ("/v1/changes?nonce=n&page=", "page", "a b", "`page` of the page before, exactly as it was given"),
        ("/v1/changes?nonce=", "nonce", " n", "1 to 128 printable ASCII characters, no space at either end"),
        ("/v1/grants?cursor=", "cursor", "%", "`next_cursor` of the page before, exactly as it was given"),
        ("/v1/grants?created_after=", "created_after", "today", "UTC in whole seconds"),
    ],
)  # fmt: skip
def test_a_malformed_parameter_is_told_in_words(
    house: "House", path: str, name: str, value: str, expected: str
) -> None:
    from tests.api.house import client

    answer = client(house)("GET", path + quote(value))
    assert answer.status == 400
    (error,) = answer.json["errors"]
    assert (error["pointer"], error["got"]) == (f"/{name}", repr(value))
    assert error["expected"].startswith(expected)


def test_every_parameter_that_has_a_pattern_has_words() -> None:
    from consent.api.urls import operations
    from consent.core.wire.in_words import words_of

    for path, methods in operations():
        for described in methods.values():
            if described.query is not None:
                patterned = {
                    name for name, schema in _properties(described.query) if "pattern" in str(schema)
                }
                assert patterned <= words_of(described.query).keys(), path


def _properties(kind: Any) -> Any:
    import msgspec

    schema = msgspec.json.schema(kind)
    return schema["$defs"][kind.__name__]["properties"].items()
