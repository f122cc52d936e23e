"""SPEC.md and the code point at each other."""

import re
from pathlib import Path

from signing.purposes import _ROLES, STATEMENT_KINDS, representative_typ, statement_schema
from signing.webauthn import CHALLENGE_CONTEXT

ROOT = Path(__file__).parents[2]
SPEC = (ROOT / "signing" / "SPEC.md").read_text()
SECTIONS = set(re.findall(r"^###? ([0-9]+(?:\.[0-9]+)?)\.? ", SPEC, re.MULTILINE))


def test_every_section_that_a_parser_cites_exists() -> None:
    for path in (ROOT / "signing").rglob("*.py"):
        for first, last in re.findall(r"SPEC §([0-9.]*[0-9])(?:–([0-9.]*[0-9]))?", path.read_text()):
            assert {first, last or first} <= SECTIONS, (path.name, first, last)


def test_every_module_says_which_section_it_implements() -> None:
    exempt = {"__init__.py", "errors.py"}
    for path in (ROOT / "signing").rglob("*.py"):
        assert path.name in exempt or "SPEC §" in path.read_text(), path


def test_every_purpose_stands_in_the_table() -> None:
    schemas = {statement_schema(kind) for kind in STATEMENT_KINDS} | {
        representative_typ(kind) for kind in STATEMENT_KINDS
    }
    for typ in set(_ROLES) - schemas:
        assert f"`{typ}`" in SPEC, typ
    for kind in STATEMENT_KINDS:
        assert kind in SPEC.split("### 4.1")[1].split("### 4.2")[0]


def test_the_contexts_of_other_signatures_stand_in_the_text() -> None:
    assert CHALLENGE_CONTEXT.decode() in SPEC
    assert "consent-registry/commit/v1" in SPEC
