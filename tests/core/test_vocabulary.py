"""The closed lists equal those of SHAPES and the law page, as copied by hand for the reference."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from consent.core import content
from consent.core.asked import END_USER_SCOPES
from consent.core.constraints.base import REGISTER, constraint
from consent.core.languages import is_language_range, is_language_tag, matches
from consent.core.lines import _IN_ORDER
from consent.core.modalities import MODALITIES, split_modalities
from consent.core.obligations import OBLIGATIONS
from consent.core.purposes import FLAGS, PURPOSES
from consent.core.reasons import Reason, in_order
from consent.core.territories import COUNTRIES, EU_MEMBERS, SUBDIVISIONS, RegionSet, enclosing, is_region
from consent.core.text_facts import _SAY
from consent.core.uses import NEVER_IMPLIED, USES, VOICE_USES, members, selects
from tests.core import bodies, reference_words

VECTORS = Path(__file__).parents[1] / "vectors" / "codes"


def test_the_lists_are_those_of_shapes() -> None:
    assert list(USES) == reference_words.USES
    assert {name: use.modality for name, use in USES.items() if use.modality} == bodies.MODALITY_OF
    assert VOICE_USES == bodies.LANGUAGE_USES
    assert NEVER_IMPLIED == bodies.NEVER_IMPLIED
    assert set(PURPOSES) == set(reference_words.PURPOSES)
    assert list(MODALITIES) == reference_words.MODALITIES
    assert list(content.TIERS) == reference_words.TIERS
    assert set(content.PERMANENT_DENIES) == set(reference_words.PERMANENT)
    assert set(content.ALLOWABLE_THEMES) == set(reference_words.LISTABLE)
    assert list(FLAGS) == reference_words.FLAGS
    assert list(END_USER_SCOPES) == reference_words.SCOPES
    assert set(OBLIGATIONS) == set(reference_words.OBLIGATIONS)
    assert [reason.value for reason in Reason] == reference_words.REASON_ORDER


def test_reasons_are_reported_once_and_in_their_order() -> None:
    given = [Reason.QUOTA, Reason.TERM, Reason.PERFORMER_UNKNOWN, Reason.TERM]
    assert in_order(given) == (Reason.PERFORMER_UNKNOWN, Reason.TERM, Reason.QUOTA)


def test_a_constraints_reason_is_its_name() -> None:
    assert set(REGISTER) <= {reason.value for reason in Reason}
    assert set(REGISTER) == set(reference_words.REASON_ORDER[8:26]) | {"end_user_age"}


def test_tags_of_constraints_are_permanent() -> None:
    assert {entry.kind: entry.tag for entry in REGISTER.values()} == {
        "territory": 1, "language": 2, "base_model": 3, "model": 4, "source_material": 5, "commercial": 6,
        "end_users": 7, "end_user_age": 8, "max_outputs": 9, "rate": 10, "themes": 11, "content_tier": 12,
        "adult_terms": 13, "purpose": 14, "modality": 15, "use_line": 16, "term": 17, "posthumous": 18,
    }  # fmt: skip


@pytest.mark.parametrize(("kind", "tag"), [("territory", 999), ("brand_new", 1)])
def test_a_kind_or_tag_used_twice_raises_at_import(kind: str, tag: int) -> None:
    class Another:
        pass

    with pytest.raises(RuntimeError, match="already"):
        constraint(kind=kind, tag=tag, since="2030-01")(Another)


def test_every_tagged_constraint_is_judged_in_order_and_said_in_the_text() -> None:
    tagged = {kind for kind, entry in REGISTER.items() if entry.parse is not None}
    from_members = {"adult_terms", "purpose", "themes"}
    assert set(_IN_ORDER) | from_members == tagged
    assert set(_SAY) == tagged


def test_a_family_covers_its_uses_but_for_those_never_implied() -> None:
    assert members("capture") == {"capture.voice", "capture.face", "capture.body", "capture.motion"}
    assert members("publish") == {"publish.display", "publish.stream", "publish.download"}
    assert members("sublicense") == frozenset()
    assert members("train.foundation") == {"train.foundation"}
    assert members("train.smell") == frozenset()
    assert members("train.voice", schema=0) == frozenset()


def test_a_prohibited_family_reaches_uses_that_come_later() -> None:
    assert selects("train", "train.smell")
    assert not selects("train", "trains.voice")
    assert not selects("train.voice", "train.singing")


@pytest.mark.parametrize("text", json.loads((VECTORS / "bcp47.json").read_text())["well_formed"])
def test_well_formed_language_tags_are_accepted(text: str) -> None:
    assert is_language_tag(text)
    assert is_language_range(text)


@pytest.mark.parametrize(
    "text",
    [*json.loads((VECTORS / "bcp47.json").read_text())["invalid"], "german", "", "*", "de-", "-de", "de_DE",
     "de-DE-DE", "sl-rozaj-rozaj", "x-private", "i-klingon", "de\n", "ｄｅ", "d" * 65],
)  # fmt: skip
def test_what_is_no_language_tag_is_refused(text: str) -> None:
    assert not is_language_tag(text)


def test_basic_filtering_is_by_whole_subtags() -> None:
    # RFC 4647 §3.3.1
    assert matches("de-DE-1996", "de-DE")
    assert matches("de-de", "de-DE")
    assert not matches("de-Deva", "de-DE")
    assert not matches("de-Latn-DE", "de-DE")
    assert matches("anything", "*")


def test_countries_equal_an_independent_list() -> None:
    listed: list[dict[str, Any]] = json.loads((VECTORS / "iso3166-1.json").read_text())
    assert {each["alpha_2"] for each in listed} == set(COUNTRIES)
    assert set(EU_MEMBERS) <= set(COUNTRIES)
    assert len(EU_MEMBERS) == 27
    assert all(one < other for one, other in pairwise(EU_MEMBERS))
    assert not is_region("EU")
    assert not is_region("UK")
    assert not is_region("us")
    assert not is_region("")


def test_every_subdivision_lies_in_a_country() -> None:
    for code in SUBDIVISIONS:
        chain = enclosing(code)
        assert chain[0] == code
        assert chain[-1] == code[:2]
        assert chain[-1] in COUNTRIES
        assert RegionSet({chain[-1]}).contains(code)
        assert RegionSet({code}).overlaps(chain[-1])


def test_a_set_of_regions_overlaps_whatever_shares_a_place_with_it() -> None:
    hong_kong = RegionSet({"HK"})
    assert hong_kong.overlaps("CN-HK")
    assert hong_kong.overlaps("CN")
    assert not hong_kong.overlaps("CN-BJ")
    assert RegionSet({"CN"}).overlaps("HK")
    assert not RegionSet({"CN"}).contains("HK")
    assert not RegionSet(()).overlaps("DE")
    assert RegionSet({"DE"}).overlaps("WORLD")


@pytest.mark.parametrize("text", ["face+voice", "voice+voice", "", "+", "voice+", "full-likeness", "Voice"])
def test_joined_modalities_have_one_form(text: str) -> None:
    assert split_modalities(text) is None


def test_joined_modalities_are_read() -> None:
    assert split_modalities("face+body+motion") == {"face", "body", "motion"}
    assert split_modalities(None) is None
