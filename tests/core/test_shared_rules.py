"""What the terms of many grants have in common is kept once, and only while one of them is."""

import gc

from consent.core.terms import GRANT_SCHEMA, GrantTerms, compile_grant

LINE = {
    "id": "l1",
    "uses": ["train.voice"],
    "purposes": ["*"],
    "content_max": "general",
    "constraints": [
        {"kind": "territory", "v": 1, "allow": ["DE"]},
        {"kind": "max_outputs", "v": 1, "limit": 7},
    ],
}


def _terms(*, year: int = 2028, **members: object) -> GrantTerms:
    return compile_grant(
        {
            "schema": GRANT_SCHEMA,
            "lines": [LINE],
            "valid_from": "2026-12-01T00:00:00Z",
            "valid_until": f"{year}-12-01T00:00:00Z",
            **members,
        }
    )


def test_grants_that_differ_in_their_window_only_share_the_rest() -> None:
    first, second = _terms(year=2028), _terms(year=2029)
    assert first.rules is second.rules and first.by_use is second.by_use
    assert first != second and first.valid_until < second.valid_until
    assert first.counted


def test_terms_that_differ_in_a_type_only_share_nothing() -> None:
    kinds = [1, True, "1", 1.0]
    found = [
        GrantTerms.from_json({**_terms().to_json(), "lines": [{**LINE, "initials": kind}]}) for kind in kinds
    ]
    assert len({id(each.rules) for each in found}) == len(kinds)
    assert [each.lines[0].initials for each in found] == [False, True, False, False]


def test_the_shared_part_goes_with_the_last_grant_that_has_it() -> None:
    from consent.core.terms import _rules_in_use

    terms = _terms(recipients=[{"id": "org_" + "a" * 26}])
    keys = [key for key, rules in _rules_in_use.items() if rules is terms.rules]
    assert len(keys) == 1
    del terms
    gc.collect()
    assert keys[0] not in _rules_in_use


def test_what_cannot_be_read_is_pointed_at_in_the_usual_order() -> None:
    terms = GrantTerms.from_json(
        {"v": 1, "schema": "x", "lines": [{}], "obligations": ["y"], "valid_from": 1}
    )
    assert terms.unknown == ("/schema", "/lines/0/id", "/obligations/0", "/valid_from", "/valid_until")
