"""Generated questions: what allows, what denies for each constraint, what is malformed, and what is hostile."""

import json
import random
from collections.abc import Iterator
from typing import Any

BASE: dict[str, Any] = {
    "use": "train.voice",
    "territory": "DE",
    "language": "de",
    "purpose": "audiobook",
    "base_model": "sha256:" + "0" * 64,
}
# For each member: values that mean something, nothing, and things that cannot be.
VALUES: dict[str, list[Any]] = {
    "use": [
        "train.voice",
        "infer.voice",
        "infer.chat-persona",
        "edit.undress",
        "train",
        "no.such",
        "",
        7,
        None,
    ],
    "territory": ["DE", "AT", "US", "EU", "UK", "WORLD", "de", "", "ZZ", 3],
    "language": ["de", "de-AT", "en", "german", "", "x-private", [], "de_DE"],
    "purpose": ["audiobook", "advertise", "political", "companion", "none-such", "", {}],
    "base_model": ["sha256:" + "0" * 64, "sha256:" + "f" * 64, "sha256:00", "name", ""],
    "content_tier": ["general", "nudity", "explicit", "none-such", 1],
    "commercial": [True, False, "yes", None],
    "end_user_scope": ["public", "internal", "identified_customers", "all"],
    "end_user_age_assured": [True, False, 1],
    "quantity": [1, 2, 10, 11, 0, -1, 10**9, 10**12, 1.5, "1"],
    "modality": ["voice", "face", "voice+face", ""],
    "themes": [[], ["fetish"], ["minors"], ["none-such"], ["a"] * 3, "fetish"],
    "adult_terms": [["nudity"], ["none-such"], []],
    "flags": [True],
    "political": [True, False],
    "endorsement": [True],
    "source_material": [["0" * 64], ["0" * 64] * 2, ["xyz"], []],
    "on_behalf_of": ["org_" + "a" * 26, "org_test_x", "nobody", ""],
    "at_least": ["ct_" + "A" * 76, "ct_", ""],
    "receipt": ["inline", "deferred", "none"],
    "nonce": ["n-1", "", "x" * 200, "\u0000", "\u00e9"],
    "explain": [True, False, "yes"],
    "performers": [["prf_" + "a" * 26], []],
    "persona": ["per_" + "a" * 26],
    "model": ["mdl_" + "a" * 26, "x"],
    "grant": ["grt_" + "a" * 26, ""],
    "external_id": ["p1", "p 1", "x" * 600, ""],
    "unheard_of": [1],
}
HOSTILE = [
    b"",
    b"{",
    b"null",
    b"[]",
    b'"text"',
    b'{"use":"train.voice","use":"train.voice"}',
    b'{"use":1e400}',
    b'{"use":NaN}',
    b'\xef\xbb\xbf{"use":"train.voice"}',
    b'{"use":"\xff"}',
    b'{"use":"\\ud800"}',
    b"[" * 5000,
    b'{"use":"train.voice","performer":"prf_\\u0000"}',
    b'{"performer":' + b'{"a":' * 200 + b"1" + b"}" * 200 + b"}",
]


def questions(reference: str, *, count: int, seed: int) -> Iterator[bytes]:
    """Bodies of single checks about `reference`, the same for the same seed."""
    chosen = random.Random(seed)
    yield from HOSTILE[1:]
    for _ in range(count):
        yield json.dumps(question(chosen, reference)).encode()


def question(chosen: random.Random, reference: str) -> dict[str, Any]:
    """One question: the one that is allowed, with up to four members changed, added or taken away."""
    asked = {**BASE, "performer": reference}
    for _ in range(chosen.choice([0, 1, 1, 1, 2, 3, 4])):
        member = chosen.choice([*VALUES, "performer"])
        if member == "performer" or (member in asked and chosen.random() < 0.3):
            asked.pop(member, None)
        else:
            asked[member] = chosen.choice(VALUES[member])
    return asked


def batches(reference: str, *, count: int, seed: int) -> Iterator[bytes]:
    """Bodies of batches, duplicates and malformed rows included."""
    chosen = random.Random(seed)
    yield from HOSTILE[1:]
    for _ in range(count):
        rows = [{"id": f"r{n}", **question(chosen, reference)} for n in range(chosen.randrange(0, 6))]
        for row in rows:
            for name in ("at_least", "receipt", "explain"):
                if chosen.random() < 0.8:
                    row.pop(name, None)
        if rows and chosen.random() < 0.3:
            rows.append(dict(rows[0]))
        body: dict[str, Any] = {"checks": rows}
        if chosen.random() < 0.5:
            body["defaults"] = {"use": "infer.voice", "territory": chosen.choice(["DE", "US", "EU"])}
        if chosen.random() < 0.2:
            body["receipt"] = chosen.choice(["inline", "deferred", "none"])
        yield json.dumps(body).encode()
