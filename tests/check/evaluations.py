"""Generated AuthZEN requests: native questions in that standard's words, and what no client should send."""

import json
import random
from collections.abc import Iterator
from typing import Any

from tests.check.questions import HOSTILE, question

SELECTORS = ("performer", "external_id", "persona", "model", "grant")
# What the envelope may get wrong, each as a change of a valid request.
ENVELOPES: list[dict[str, Any]] = [
    {"subject": None},
    {"subject": {"type": "user"}},
    {"subject": {"type": "user", "id": 7}},
    {"subject": {"type": "organization", "id": "nobody"}},
    {"subject": {"type": "organization", "id": "org_" + "a" * 26}},
    {"subject": {"type": "Organization", "id": "org_" + "a" * 26}},
    {"subject": {"type": "user", "id": "org_" + "a" * 26}},
    {"subject": {"type": "user", "id": "u", "properties": {"territory": "DE"}}},
    {"subject": {"type": "user", "id": "u", "properties": []}},
    {"action": {}},
    {"action": {"name": "train.voice", "properties": {"no_such": 1}}},
    {"action": {"name": "train.voice", "properties": {"time": "now"}}},
    {"action": {"name": "train.voice", "properties": {"territory": "DE"}}},
    {"action": {"name": ["train.voice"]}},
    {"resource": {"type": "performers", "id": "prf_" + "a" * 26}},
    {"resource": {"type": "document", "id": "1"}},
    {"resource": {"type": "performer", "id": ""}},
    {"resource": {"type": "performer", "id": "prf_" + "a" * 26, "properties": {"use": "train.voice"}}},
    {"resource": []},
    {"context": None},
    {"context": []},
    {"context": {"no_such": 1}},
    {"context": {"performer": "prf_" + "a" * 26}},
    {"context": {"use": "train.voice"}},
    {"context": {"on_behalf_of": "org_" + "a" * 26}},
    {"context": {"risk": 0.5}},
    {"context": {"a/b~c": 1}},
    {"options": {"evaluations_semantic": "deny_on_first_deny"}},
    {"unheard_of": {"ignored": True}},
]


def evaluation(native: dict[str, Any], chosen: random.Random) -> dict[str, Any] | None:
    """The same question in AuthZEN's words; None for one that has none."""
    rest = dict(native)
    if not {"use"} <= rest.keys() or not isinstance(rest["use"], str) or "performers" in rest:
        return None
    selectors = [name for name in SELECTORS if name in rest]
    if len(selectors) != 1 or not isinstance(rest[selectors[0]], str):
        return None
    licensee = rest.pop("on_behalf_of", None)
    if licensee is not None and not str(licensee).startswith("org_"):
        return None
    subject = {"type": "user", "id": "alice@example.com"}
    if licensee is not None:
        subject = {"type": "organization", "id": licensee}
    action: dict[str, Any] = {"name": rest.pop("use")}
    resource = {"type": selectors[0], "id": rest.pop(selectors[0])}
    if rest and chosen.random() < 0.2:
        moved = chosen.choice(sorted(rest))
        action["properties"] = {moved: rest.pop(moved)}
    sent: dict[str, Any] = {"subject": subject, "action": action, "resource": resource}
    if rest or chosen.random() < 0.5:
        sent["context"] = rest
    if chosen.random() < 0.3:
        sent.setdefault("context", {})["time"] = "2026-12-02T10:00:00Z"
    return sent


def pairs(reference: str, *, count: int, seed: int) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Native questions with the same ones in AuthZEN's words."""
    chosen = random.Random(seed)
    while count:
        native = question(chosen, reference)
        sent = evaluation(native, chosen)
        if sent is not None:
            count -= 1
            yield native, sent


def singles(reference: str, *, count: int, seed: int) -> Iterator[bytes]:
    """Bodies of single evaluations, good, odd and hostile."""
    chosen = random.Random(seed)
    yield from HOSTILE[1:]
    for number, (_, plain) in enumerate(pairs(reference, count=count, seed=seed)):
        if number % 3 == 0:
            yield json.dumps({**plain, **chosen.choice(ENVELOPES)}).encode()
        yield json.dumps(plain).encode()


def many(reference: str, *, count: int, seed: int) -> Iterator[bytes]:
    """Bodies of several evaluations, with and without defaults."""
    chosen = random.Random(seed)
    yield from HOSTILE[1:]
    source = pairs(reference, count=count * 6, seed=seed)
    for _ in range(count):
        rows = [next(source)[1] for _ in range(chosen.randrange(0, 6))]
        body: dict[str, Any] = {"evaluations": rows}
        for row in rows:
            if chosen.random() < 0.2:
                row.update(chosen.choice(ENVELOPES))
            for name in ("at_least", "receipt", "explain"):
                for place in (row.get("context"), row.get("action", {})):
                    if isinstance(place, dict):
                        place.pop(name, None)
        for name in ("subject", "action", "resource", "context"):
            if rows and chosen.random() < 0.4:
                body[name] = chosen.choice(rows).get(name)
                for row in rows:
                    if chosen.random() < 0.7:
                        row.pop(name, None)
        if chosen.random() < 0.2:
            body["options"] = chosen.choice(
                [
                    {},
                    {"evaluations_semantic": "execute_all", "another": 1},
                    {"evaluations_semantic": "other"},
                    [],
                ]
            )
        if chosen.random() < 0.1:
            body = {**body, **chosen.choice(ENVELOPES)}
        yield json.dumps(body).encode()
