"""What a performer's client refuses to sign: anything but the offer that was read."""

import copy
from typing import Any

import msgspec
import pytest

from consent.client.errors import RefusedToSign
from consent.client.performer import statements
from consent.client.performer.agreement import check_prepared, needs_initials
from consent.core.consent_text import load_template, render_text
from consent.core.markdown import TextError
from consent.core.wire.grants import GrantForPerformer
from consent.core.wire.offers import OfferForPerformer, PreparedGrant
from signing.canonical import sha256_hex
from tests.client.recorded_performer_side import RecordedPerformerSide, terms


def check(prepared: dict[str, Any], side: RecordedPerformerSide, **expected: Any) -> None:
    options: dict[str, Any] = {
        "expected_credential": side.key.public.thumbprint,
        "expected_language": "en",
        "expected_performer_name": None,
    }
    check_prepared(
        msgspec.convert(prepared, PreparedGrant),
        offer=msgspec.convert(side.offer(), OfferForPerformer),
        **(options | expected),
    )


def prepared_by(side: RecordedPerformerSide) -> dict[str, Any]:
    return copy.deepcopy(side.prepared({"language": "en", "credential": side.key.public.thumbprint}))


def test_the_body_of_the_offer_that_was_read_may_be_signed() -> None:
    side = RecordedPerformerSide()
    check(prepared_by(side), side)
    assert needs_initials(prepared_by(side)["body"]) == ("l2",)


def test_an_offer_for_the_european_union_is_signed_as_its_member_states() -> None:
    side = RecordedPerformerSide(terms=terms())
    side.terms["lines"][0]["constraints"][3] = {"kind": "territory", "v": 1, "allow": ["EU"]}
    prepared = prepared_by(side)
    check(prepared, side)
    territory = next(c for c in prepared["body"]["lines"][0]["constraints"] if c["kind"] == "territory")
    assert len(territory["allow"]) == 27


def render_again(prepared: dict[str, Any]) -> None:
    """Make text and digest fit the bent body, as a registry would that means to deceive."""
    template = prepared["body"]["template"]
    try:
        source = load_template(template["id"], template["version"], template["language"])
        text = render_text(source, body=prepared["body"])
    except (TextError, KeyError):
        return
    prepared["text"] = text.decode()
    prepared["text_sha256"] = template["text_sha256"] = sha256_hex(text)
    prepared["grant"] = prepared["body"]["id"]


def set_at(*path: Any, value: object) -> Any:
    def bend(body: dict[str, Any]) -> None:
        for step in path[:-1]:
            body = body[step]
        body[path[-1]] = value

    return bend


@pytest.mark.parametrize(
    "bend",
    [
        set_at("schema", value="consent-registry/revocation/v1"),
        set_at("schema", value="consent-registry/grant/v2"),
        set_at("livemode", value=True),
        set_at("offer", value="off_test_two"),
        set_at("performer", value="prf_test_two"),
        set_at("performer_name", value="Someone Else"),
        set_at("credential", value="A" * 43),
        set_at("licensee", "id", value="org_test_two"),
        set_at("licensee", "legal_name", value="Northlight Audio Ltd"),
        set_at("licensee", "contact", value="other@northlight.example"),
        set_at("recipients", value=[{"id": "org_test_two", "legal_name": "Host", "role": "host"}]),
        set_at("template", "id", value="likeness"),
        set_at("template", "version", value=2),
        set_at("template", "language", value="de"),
        set_at("lines", 0, "uses", value=["train.foundation"]),
        set_at("lines", 0, "uses", value=["infer.voice", "train.voice"]),
        set_at("lines", 0, "purposes", value=["adult"]),
        set_at("lines", 0, "modalities", value=["face"]),
        set_at("lines", 0, "content_max", value="nudity"),
        set_at("lines", 0, "initials", value=True),
        set_at("lines", 1, "initials", value=False),
        set_at("lines", 0, "description", value="x" * 200),
        set_at("lines", 0, "constraints", value=[{"kind": "territory", "v": 1, "allow": ["WORLD"]}]),
        lambda body: body["lines"].pop(),
        lambda body: body["lines"].append({**body["lines"][0], "id": "l3"}),
        lambda body: body["lines"].reverse(),
        set_at("prohibitions", value=[{"uses": ["train.voice"]}]),
        set_at("obligations", value=["label.visible"]),
        set_at("valid_from", value="2026-11-01T00:00:00Z"),
        set_at("valid_until", value="2030-12-01T00:00:00Z"),
        set_at("on_end", value={"published": "keep", "model": "retain_no_use"}),
        set_at("compensation", value={"kind": "unpaid"}),
        set_at("posthumous", value={"allowed": True, "years": 70}),
        set_at("exclusive", value={"scope": "voice"}),
        set_at("representation", value={"kind": "agent", "name": "A"}),
        set_at("replaces_in_person_work", value=True),
        set_at("supersedes", value="grt_test_old"),
        set_at("project", "title", value="Other books"),
        set_at("wind_down_s", value=60),
        lambda body: body.pop("nonce"),
        lambda body: body.pop("on_end"),
    ],
)
def test_a_body_that_differs_from_the_offer_in_any_member_is_never_signed(bend: Any) -> None:
    side = RecordedPerformerSide()
    for consistent in (False, True):
        prepared = prepared_by(side)
        bend(prepared["body"])
        if consistent:
            render_again(prepared)
        with pytest.raises(RefusedToSign, match="nothing was signed"):
            check(prepared, side)


def test_a_grant_id_or_digest_other_than_the_answer_names_is_never_signed() -> None:
    side = RecordedPerformerSide()
    for member, value in (("grant", "grt_test_two"), ("text_sha256", "0" * 64)):
        with pytest.raises(RefusedToSign):
            check(prepared_by(side) | {member: value}, side)
    prepared = prepared_by(side)
    prepared["body"]["template"]["text_sha256"] = "0" * 64
    with pytest.raises(RefusedToSign):
        check(prepared, side)


def test_a_well_formed_body_of_another_kind_is_never_signed() -> None:
    side = RecordedPerformerSide()
    grant = msgspec.convert(side.grant(), GrantForPerformer)
    prepared = prepared_by(side) | {"body": statements.revocation(grant, grant_sha256="0" * 64, key=side.key)}
    with pytest.raises(RefusedToSign, match="expected the body of a grant, got that of a revocation"):
        check(prepared, side)


def test_a_test_side_body_is_never_signed_for_a_live_offer() -> None:
    side = RecordedPerformerSide()
    offer = msgspec.convert(side.offer() | {"livemode": True}, OfferForPerformer)
    with pytest.raises(RefusedToSign, match="livemode"):
        check_prepared(
            msgspec.convert(prepared_by(side), PreparedGrant),
            offer=offer,
            expected_credential=side.key.public.thumbprint,
            expected_language="en",
            expected_performer_name=None,
        )


def test_another_text_than_the_one_the_body_has_is_never_signed() -> None:
    side = RecordedPerformerSide()
    prepared = prepared_by(side)
    prepared["text"] = prepared["text"].replace("Northlight", "Nicelight")
    with pytest.raises(RefusedToSign, match="text"):
        check(prepared, side)
    digest = sha256_hex(prepared["text"].encode())
    prepared["text_sha256"] = digest
    prepared["body"]["template"]["text_sha256"] = digest
    with pytest.raises(RefusedToSign, match="not the text that this body has"):
        check(prepared, side)


@pytest.mark.parametrize(
    "expected",
    [{"expected_credential": "A" * 43}, {"expected_language": "de"}, {"expected_performer_name": "Nemo"}],
)
def test_another_key_language_or_name_than_was_chosen_is_never_signed(expected: dict[str, str]) -> None:
    side = RecordedPerformerSide()
    with pytest.raises(RefusedToSign):
        check(prepared_by(side), side, **expected)


@pytest.mark.parametrize("broken", [{}, {"lines": 7}, {"lines": [1]}, {"lines": [], "template": 3}])
def test_unreadable_terms_of_an_offer_are_a_refusal_not_a_traceback(broken: dict[str, Any]) -> None:
    side = RecordedPerformerSide()
    prepared = prepared_by(side)
    side.terms = broken
    with pytest.raises(RefusedToSign):
        check(prepared, side)
