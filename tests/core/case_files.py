"""Case files: decisions, offers, requests and state changes as data (tests/cases/*.toml).

A file holds `[[case]]` tables. Every case has `name` (a sentence) and `expect`; `rulings` are the
numbers of the rulings it holds, `about` the constraints it tries. What kind it is follows from the
member it has:

- `ask`: a decision. The request is a good one for `ask.use` with the members of `ask` put over it;
  `omit` takes members away. The performer has one active grant with one complete line for that use;
  `line` changes the line, `lines` replaces the lines, `grant` changes body members and has
  `state signed_at usage` of its own; `grants` replaces all grants; `limits` are the performer's
  prohibitions; `subject`, `others` and `facts` change the rest.
- `offer`: changes to good terms, expecting `faults`, codes in order.
- `send`: a request as sent, expecting a `problem` with `pointer`, or members of `asked`.
- `event` or `activation`: a change of state, expecting `state`, `refused`, or `due`.
"""

import copy
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.core.bodies import grant_body, line_for, offer_terms, question_for

CASES = Path(__file__).parents[1] / "cases"
AT = datetime(2027, 1, 1, 12, 0, 0, tzinfo=UTC)
SIGNED_AT = datetime(2026, 11, 30, 9, 0, 0, tzinfo=UTC)
Json = dict[str, Any]


def load_cases() -> list[Json]:
    """Every case of every file, with its file's name."""
    cases = []
    for path in sorted(CASES.glob("*.toml")):
        for case in tomllib.loads(path.read_text(encoding="utf-8"))["case"]:
            cases.append({**case, "file": path.stem})
    return cases


def scenario_of(case: Json) -> Json:
    """The scenario of a decision case."""
    ask = copy.deepcopy(case["ask"])
    use = ask["use"]
    request = question_for(use)
    if {"performers", "external_id", "persona", "model", "grant"} & set(ask):
        del request["performer"]
    request |= ask
    for name in case.get("omit", ()):
        del request[name]
    facts = copy.deepcopy(case.get("facts", {}))
    subject = {
        "reference": request.get("performer", "prf_test_one"),
        "known": True,
        "grants": [_grant(each, case, use) for each in case.get("grants", [{}])],
        "limits": _limits(case),
        **case.get("subject", {}),
    }
    others = [_other(each, case, use) for each in case.get("others", ())]
    return {
        "at": case.get("at", AT),
        "request": request,
        "context": case.get("context", {}),
        "caller": facts.pop("caller", "org_test_one"),
        "licensee": facts.pop("licensee", "org_test_one"),
        "subjects": [] if facts.pop("nobody", False) else [subject, *others],
        **facts,
    }


def _limits(case: Json) -> Json | None:
    if "limits" not in case:
        return None
    return {"schema": "consent-registry/limits/v1", "never": case["limits"], **case.get("limits_body", {})}


def _other(other: Json, case: Json, use: str) -> Json:
    grants = [_grant(each, case, use) for each in other.get("grants", [{"id": "grt_test_other"}])]
    return {"known": True, **other, "grants": grants}


def _grant(grant: Json, case: Json, use: str) -> Json:
    changes = copy.deepcopy({**case.get("grant", {}), **grant})
    line = {**case.get("line", {}), **changes.pop("line", {})}
    lines = changes.pop("lines", case.get("lines")) or [line]
    built = [_line(each, place, use) for place, each in enumerate(lines, start=1)]
    grant_id = changes.pop("id", "grt_test_one")
    usage: Json | None = changes.pop("usage", {})
    if changes.pop("usage_unknown", False):
        usage = None
    return {
        "id": grant_id,
        "state": changes.pop("state", "active"),
        "signed_at": changes.pop("signed_at", SIGNED_AT),
        "usage": usage,
        "body": grant_body(built, id=grant_id, **changes),
    }


def _line(line: Json, place: int, use: str) -> Json:
    changes = dict(line)
    changes.setdefault("id", f"l{place}")
    return line_for(changes.pop("for", use), **changes)


def terms_of(case: Json) -> Json:
    """The terms of an offer case."""
    changes = copy.deepcopy(case["offer"])
    use = changes.pop("use", "train.voice")
    lines = changes.pop("lines", None) or [changes.pop("line", {})]
    built = [_line(each, place, use) for place, each in enumerate(lines, start=1)]
    return offer_terms(built, **changes)
