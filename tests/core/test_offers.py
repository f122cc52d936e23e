"""Offers: total over any JSON, exact in their pointers, and in step with what decide and the text take."""

import hashlib
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consent.core.consent_text import load_template, render_text
from consent.core.dry_run import dry_run
from consent.core.offers import check_offer, expand_offer, in_language
from consent.core.reasons import Reason
from consent.core.term_error import TermError
from consent.core.terms import compile_grant, compile_limits
from consent.core.uses import USES
from signing.bodies.grant import check_grant
from tests.core.bodies import DESCRIPTION, grant_body, line_for, offer_terms
from tests.core.strategies import grants
from tests.core.test_wire import JSON_VALUES

Json = dict[str, Any]
AT = datetime(2026, 11, 30, 9, tzinfo=UTC)
MODEST = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@MODEST
@given(JSON_VALUES)
def test_checking_never_raises_for_json(value: Any) -> None:
    faults = check_offer(value, at=AT)
    assert faults
    assert all(fault.code and fault.rule and fault.expected for fault in faults)


@MODEST
@given(st.data())
def test_checking_never_raises_for_terms_with_members_replaced(data: st.DataObject) -> None:
    terms = offer_terms(
        [line_for("train.voice"), line_for("infer.image", id="l2")],
        recipients=[{"id": "org_test_host", "legal_name": "Cloud", "role": "host"}],
        prohibitions=[{"uses": ["edit.undress"]}],
    )
    holder: Any = terms
    for _ in range(data.draw(st.integers(0, 3))):
        inner = [
            each
            for each in (holder.values() if isinstance(holder, dict) else holder)
            if each and isinstance(each, dict | list)
        ]
        if not inner:
            break
        holder = data.draw(st.sampled_from(inner))
    if isinstance(holder, dict):
        holder[data.draw(st.sampled_from([*holder, "colour"]))] = data.draw(JSON_VALUES)
    else:
        holder.append(data.draw(JSON_VALUES))
    check_offer(terms, at=AT)
    expand_offer(terms)


@pytest.mark.parametrize("use", sorted(set(USES) - {"sublicense.grant"}))
def test_what_may_be_sent_can_be_shown_and_allows_something(use: str) -> None:
    """One offer through every door: check, expansion, text, compiled terms, dry run."""
    terms = offer_terms([line_for(use)])
    assert check_offer(terms, at=AT) == []
    body = {**grant_body([]), **in_language(terms, language="en")}
    assert render_text(load_template("voice-clone", 1, "en"), body=body)
    compiled = compile_grant(body)
    assert compiled.unknown == ()
    run = dry_run(compiled, at=AT)
    assert any(sample.asked["use"] == use for sample in run.could)
    assert all(sample.reasons for sample in run.could_not)


ORGANIZATION_WRITES = set(offer_terms([line_for("train.voice")])) | {
    "recipients",
    "prohibitions",
    "obligations",
}


@settings(MODEST, max_examples=150)
@given(grants("grt_test_one", "infer.image", "org_test_host"))
def test_whatever_may_be_sent_is_a_body_that_can_be_signed_shown_and_decided(grant: Json) -> None:
    """The check of offers, the structure of bodies, the text and the terms agree on what is good."""
    terms = {name: value for name, value in grant["body"].items() if name in ORGANIZATION_WRITES}
    if check_offer(terms, at=datetime(2026, 12, 1, tzinfo=UTC)):
        return
    body = {**grant_body([]), **in_language(terms, language="en")}
    text = render_text(load_template("likeness", 1, "en"), body=body)
    body["template"] = {**body["template"], "text_sha256": hashlib.sha256(text).hexdigest()}
    check_grant(
        {
            **body,
            "id": "grt_" + "a" * 26,
            "performer": "prf_" + "a" * 26,
            "offer": "off_" + "a" * 26,
            "credential": "A" * 43,
            "licensee": {**body["licensee"], "id": "org_" + "a" * 26},
            "recipients": [{"id": "org_" + "b" * 26, "legal_name": "Cloud", "role": "host"}],
        }
    )
    assert compile_grant(body).unknown == ()


def test_expanding_leaves_the_terms_given_as_they_are() -> None:
    terms = offer_terms([line_for("train.voice", constraints={"territory": {"allow": ["EU"]}})])
    before = repr(terms)
    expanded = expand_offer(terms)
    assert repr(terms) == before
    assert expanded != terms


def test_expanding_sorts_sets_and_keeps_the_order_of_lines() -> None:
    terms = offer_terms(
        [
            line_for("train.voice", id="z", purposes=["news", "audiobook"]),
            line_for(
                "infer.voice", id="a", constraints={"territory": {"allow": ["WORLD"], "deny": ["US", "EU"]}}
            ),
        ]
    )
    expanded = expand_offer(terms)
    assert [line["id"] for line in expanded["lines"]] == ["z", "a"]
    assert expanded["lines"][0]["purposes"] == ["audiobook", "news"]
    deny = next(each for each in expanded["lines"][1]["constraints"] if each["kind"] == "territory")["deny"]
    assert deny == sorted(deny)
    assert len(deny) == 28


def test_what_an_offer_leaves_out_is_made_explicit() -> None:
    terms = {
        name: offer_terms([line_for("train.voice")])[name]
        for name in ("lines", "template", "valid_from", "valid_until")
    }
    assert check_offer(terms, at=AT) == []
    expanded = expand_offer(terms)
    assert expanded["on_end"] == {"published": "keep", "model": "delete", "model_days": 30}
    assert expanded["posthumous"] is None
    assert expanded["representation"] == {"kind": "none"}


def test_a_description_is_taken_in_the_language_of_the_text() -> None:
    texts = {"de": DESCRIPTION.replace("We", "Wir"), "en": DESCRIPTION}
    terms = offer_terms([line_for("train.voice", description=texts)])
    assert check_offer(terms, at=AT) == []
    in_german = in_language(terms, language="de")
    assert in_german["lines"][0]["description"].startswith("Wir")
    assert in_german["template"]["language"] == "de"
    with pytest.raises(TermError):
        in_language(terms, language="fr")
    with pytest.raises(TermError):
        in_language(offer_terms([line_for("train.voice")]), language="de")


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"colour": "red"}, "terms_invalid", "/colour"),
        ({"lines": []}, "lines_invalid", "/lines"),
        ({"lines": [5]}, "lines_invalid", "/lines/0"),
        (
            {"template": {"id": "voice-clone", "version": 0, "language": "en"}},
            "template_invalid",
            "/template/version",
        ),
        ({"template": {"id": "voice-clone", "version": 1}}, "template_invalid", "/template/language"),
        ({"project": {"ref": "x"}}, "project_invalid", "/project/title"),
        ({"project": {"ref": "x", "title": "a\nb"}}, "project_invalid", "/project/title"),
        ({"recipients": []}, "recipients_invalid", "/recipients"),
        ({"compensation": {"kind": "gold"}}, "compensation_invalid", "/compensation/kind"),
        (
            {"compensation": {"kind": "paid", "terms_sha256": "abc"}},
            "compensation_invalid",
            "/compensation/terms_sha256",
        ),
        ({"representation": {"kind": "mum"}}, "representation_invalid", "/representation/kind"),
        ({"replaces_in_person_work": 1}, "replaces_in_person_work_invalid", "/replaces_in_person_work"),
        ({"project": {"ref": "x" * 65, "title": "x"}}, "project_invalid", "/project/ref"),
        ({"project": {"ref": "x", "title": "a\u202eb"}}, "project_invalid", "/project/title"),
        ({"project": {"ref": "x", "title": " a"}}, "project_invalid", "/project/title"),
        ({"supersedes": "yesterday"}, "supersedes_invalid", "/supersedes"),
        (
            {"valid_until": "2026-11-30T08:00:00Z", "valid_from": "2026-01-01T00:00:00Z"},
            "term_invalid",
            "/valid_until",
        ),
    ],
)
def test_a_fault_has_its_pointer(change: Json, code: str, pointer: str) -> None:
    faults = check_offer({**offer_terms([line_for("train.voice")]), **change}, at=AT)
    assert (code, pointer) in [(fault.code, fault.pointer) for fault in faults]


def test_a_dry_run_says_what_could_and_could_not_be_done() -> None:
    lines = [line_for("train.voice"), line_for("infer.voice", id="l2")]
    run = dry_run(compile_grant(grant_body(lines)), at=AT)
    could = {(each.about, each.asked["use"]) for each in run.could}
    assert could == {("use", "train.voice"), ("use", "infer.voice")}
    refused = {(each.about, each.asked["use"]): each.reasons for each in run.could_not}
    assert refused[("use", "infer.chat-persona")] == (Reason.OUT_OF_SCOPE,)
    assert refused[("territory", "train.voice")] == (Reason.TERRITORY,)
    assert len({str(each.asked) for each in (*run.could, *run.could_not)}) == len(run.could) + len(
        run.could_not
    )


def test_a_dry_run_keeps_to_the_performers_limits() -> None:
    limits = compile_limits({"schema": "consent-registry/limits/v1", "never": [{"uses": ["infer"]}]})
    run = dry_run(compile_grant(grant_body([line_for("infer.voice")])), at=AT, limits=limits)
    assert run.could == ()
