"""Each body is what SHAPES says and nothing else, and a fault is named with its pointer."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from signing.bodies import check_body
from signing.canonical import canonicalize, parse_statement
from signing.errors import MalformedError
from signing.purposes import STATEMENT_KINDS
from tests.signing.samples import (
    BODIES,
    PERFORMER,
    SECOND,
    about_grant_body,
    an_id,
    credential_body,
    grant_body,
    limits_body,
)
from tests.signing.software_authenticator import SoftwareAuthenticator

PASSKEY = SoftwareAuthenticator().public_key
# Objects whose members a later version may add to: an unknown one is for whoever decides to deny.
OPEN = ("/lines/0/constraints/", "/prohibitions/", "/never/")


def refusal(body: Any) -> MalformedError:
    """The fault that a body is refused with."""
    with pytest.raises(MalformedError) as caught:
        check_body(body)
    return caught.value


def places(value: Any, pointer: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of a document with its pointer."""
    yield pointer, value
    if isinstance(value, dict):
        for name, child in value.items():
            yield from places(child, f"{pointer}/{name}")
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from places(child, f"{pointer}/{index}")


def put(body: dict[str, Any], pointer: str, value: Any) -> dict[str, Any]:
    """The body with another value at a pointer; `...` takes the member away."""
    changed = copy.deepcopy(body)
    at: Any = changed
    *path, last = pointer.split("/")[1:]
    for step in path:
        at = at[int(step)] if isinstance(at, list) else at[step]
    step = int(last) if isinstance(at, list) else last
    if value is ...:
        del at[step]
    else:
        at[step] = value
    return changed


def test_every_kind_has_a_body_here() -> None:
    assert set(BODIES) == set(STATEMENT_KINDS)


@pytest.mark.parametrize("kind", BODIES)
def test_a_well_formed_body_is_of_its_kind(kind: str) -> None:
    body = BODIES[kind]()
    assert check_body(body) == kind
    assert parse_statement(canonicalize(body)) == body


@pytest.mark.parametrize("kind", BODIES)
def test_an_unknown_member_is_refused_wherever_it_stands(kind: str) -> None:
    body = BODIES[kind]()
    for pointer, value in places(body):
        if isinstance(value, dict) and not pointer.startswith(OPEN):
            fault = refusal(put(body, f"{pointer}/zz", 1))
            assert fault.pointer.startswith(pointer), pointer


OPTIONAL = {
    "grant": {
        "/recipients", "/project", "/prohibitions", "/obligations", "/lines/0/modalities", "/lines/0/content_max",
        "/on_end/model_days", "/compensation/terms_sha256",
    },
    "limits": {"/never"},
    "credential": {"/label"},
}  # fmt: skip


@pytest.mark.parametrize("kind", BODIES)
def test_a_member_left_out_is_refused_unless_it_is_optional(kind: str) -> None:
    body = BODIES[kind]()
    for pointer, _ in places(body):
        parent = pointer.rsplit("/", 1)[0]
        if pointer == "" or pointer.rsplit("/", 1)[1].isdigit():
            continue
        if parent.startswith(tuple(prefix[:-1] for prefix in OPEN)) and not pointer.endswith(("/kind", "/v")):
            continue
        if pointer in OPTIONAL.get(kind, set()):
            check_body(put(body, pointer, ...))
        else:
            assert refusal(put(body, pointer, ...)).pointer == pointer, pointer


@pytest.mark.parametrize("kind", BODIES)
@pytest.mark.parametrize(
    "rubbish", [1.5, -1, 2**60, "\x00", "e\u0301", "\u202egnp", [], {}, [None], [[]], "x" * 5000]
)
def test_rubbish_in_any_place_is_refused_below_that_place(kind: str, rubbish: Any) -> None:
    body = BODIES[kind]()
    for pointer, _ in places(body):
        if pointer and not (rubbish == -1 and pointer.startswith(OPEN)):  # its bounds are the decider's
            fault = refusal(put(body, pointer, rubbish))
            assert fault.pointer.startswith(pointer.rsplit("/", 1)[0]), pointer


@pytest.mark.parametrize("kind", BODIES)
def test_null_and_booleans_stand_only_where_they_mean_something(kind: str) -> None:
    body = BODIES[kind]()
    for pointer, value in places(body):
        if pointer and not pointer.startswith(OPEN):
            if value is not None and pointer not in (
                "/previous_sha256",
                "/posthumous",
                "/exclusive",
                "/supersedes",
            ):
                refusal(put(body, pointer, None))
            if not isinstance(value, bool):
                refusal(put(body, pointer, True))


@pytest.mark.parametrize(
    "body", [None, 1, "x", [], {}, {"schema": 1}, {"schema": ["consent-registry/grant/v1"]}]
)
def test_what_has_no_known_schema_is_no_body(body: Any) -> None:
    assert refusal(body).rule in ("type", "schema")


@pytest.mark.parametrize(
    "schema",
    ["consent-registry/grant/v2", "consent-registry/grant/v1 ", "consent-registry/receipt/v1", "grant"],
)
def test_another_schema_is_refused(schema: str) -> None:
    assert refusal(grant_body(schema=schema)).pointer == "/schema"


@pytest.mark.parametrize("kind", BODIES)
def test_a_body_of_one_kind_is_not_one_of_another(kind: str) -> None:
    for other in BODIES:
        if other != kind:
            refusal(BODIES[kind]() | {"schema": f"consent-registry/{other}/v1"})


def test_a_live_body_names_nobody_of_the_test_side() -> None:
    body = grant_body(performer="prf_test_allow")
    assert refusal(body).pointer == "/performer"
    check_body(body | {"livemode": False})
    body = grant_body()
    body["recipients"][0]["id"] = "org_test_host"
    assert refusal(body).pointer == "/recipients/0/id"


@pytest.mark.parametrize(
    ("pointer", "value", "rule"),
    [
        ("/id", "grt_" + "a" * 25, "id"),
        ("/id", "grt_" + "A" * 26, "id"),
        ("/id", "grt_" + "1" * 26, "id"),
        ("/id", "grt_" + "a" * 26 + "\n", "id"),
        ("/id", "off_" + "a" * 26, "id"),
        ("/performer", "prf_test_", "id"),
        ("/credential", "AA", "length"),
        ("/nonce", "A" * 43 + "=", "base64url"),
        ("/nonce", "A" * 42 + "B", "base64url"),
        ("/valid_from", "2026-12-01T00:00:00+00:00", "instant"),
        ("/valid_from", "2026-12-01T00:00:00.000Z", "instant"),
        ("/valid_from", "2026-12-01t00:00:00z", "instant"),
        ("/valid_from", "2026-02-30T00:00:00Z", "instant"),
        ("/valid_from", "2026-12-01T23:59:60Z", "instant"),
        ("/valid_from", "٢٠٢٦-12-01T00:00:00Z", "instant"),
        ("/valid_until", "2026-12-01T00:00:00Z", "window"),
        ("/valid_until", "2025-12-01T00:00:00Z", "window"),
        ("/licensee/country", "de", "country"),
        ("/licensee/country", "DEU", "country"),
        ("/template/language", "de_DE", "language"),
        ("/template/version", 0, "integer"),
        ("/template/version", True, "integer"),
        ("/template/text_sha256", "AB" * 32, "sha256"),
        ("/performer_name", " Ada", "text"),
        ("/performer_name", "Ada\u202e", "text"),
        ("/performer_name", "Ada\nVoice", "text"),
        ("/performer_name", "", "length"),
        ("/performer_name", "A" * 121, "length"),
        ("/lines/0/description", "too short", "length"),
        ("/lines/0/uses", ["train.voice", "infer.voice"], "sorted_set"),
        ("/lines/0/uses", ["train.voice", "train.voice"], "sorted_set"),
        ("/lines/0/uses", ["Train.Voice"], "token"),
        ("/lines/0/uses", [], "empty_list"),
        ("/lines/0/uses", "train.voice", "type"),
        ("/lines/0/constraints", [], "empty_list"),
        ("/lines/0/constraints/0/allow", ["DE", "AT"], "sorted_set"),
        ("/lines/0/constraints/0/allow", [], "empty_list"),
        ("/lines/0/constraints/3/limit", 1.5, "no_floats"),
        ("/lines/0/constraints/3/limit", 2**53, "integer"),
        ("/lines/0/constraints/0/v", 0, "integer"),
        ("/lines/0/constraints/0/kind", "Territory", "token"),
        ("/prohibitions/0", {}, "empty_object"),
        ("/prohibitions", [], "empty_list"),
        ("/obligations", ["mark.c2pa", "label.audible"], "sorted_set"),
        ("/attestations", [], "empty_list"),
        ("/on_end/model", "keep", "one_of"),
        ("/recipients/0/role", "sponsor", "one_of"),
        ("/posthumous", {"allowed": True, "years": 71}, "integer"),
        ("/supersedes", "grt_" + "a" * 26, "supersedes"),
        ("/livemode", 1, "type"),
    ],
)
def test_a_member_of_a_grant_out_of_its_form_is_named(pointer: str, value: Any, rule: str) -> None:
    fault = refusal(put(grant_body(), pointer, value))
    assert fault.rule == rule
    assert fault.pointer.startswith(pointer)


def test_a_line_or_constraint_stands_once() -> None:
    body = grant_body()
    body["lines"].append(copy.deepcopy(body["lines"][0]))
    assert refusal(body).pointer == "/lines/1/id"
    body = grant_body()
    body["lines"][0]["constraints"].append({"kind": "territory", "v": 1, "allow": ["WORLD"]})
    assert refusal(body).pointer == "/lines/0/constraints/4/kind"


def test_recipients_are_sorted_and_stand_once() -> None:
    body = grant_body()
    body["recipients"].append(copy.deepcopy(body["recipients"][0]))
    assert refusal(body).pointer == "/recipients/1"
    body["recipients"][1]["role"] = "processor"
    check_body(body)
    body["recipients"].reverse()
    assert refusal(body).rule == "sorted_set"


def test_a_constraint_that_nobody_knows_is_well_formed() -> None:
    body = grant_body()
    body["lines"][0]["constraints"].append(
        {"kind": "lunar_phase", "v": 7, "allow": ["full"], "more": {"x": True, "y": None}}
    )
    check_body(body)


def test_purposes_may_be_any() -> None:
    check_body(put(grant_body(), "/lines/0/purposes", ["*"]))


@pytest.mark.parametrize("kind", sorted(set(BODIES) - {"grant", "limits", "credential"}))
def test_a_statement_about_a_grant_has_its_own_effect_and_holder(kind: str) -> None:
    assert refusal(about_grant_body(kind, effect="maybe")).pointer == "/effect"
    if kind == "revocation":
        assert refusal(about_grant_body(kind, holder="performer")).pointer == "/holder"
    else:
        assert refusal(about_grant_body(kind, holder="operator")).pointer == "/holder"


def test_limits_are_one_line_of_history() -> None:
    check_body(limits_body(version=1, previous_sha256=None))
    assert refusal(limits_body(version=1)).pointer == "/previous_sha256"
    assert refusal(limits_body(version=2, previous_sha256=None)).pointer == "/previous_sha256"


def test_a_credential_says_who_introduced_it_and_only_that() -> None:
    by_performer = credential_body(SECOND.public, by=PERFORMER.public)
    by_registry = credential_body(SECOND.public)
    check_body(by_registry)
    check_body(by_registry | {"replaces": PERFORMER.public.thumbprint})
    for name in ("examiner", "evidence_sha256", "recorded_at"):
        assert refusal({k: v for k, v in by_registry.items() if k != name}).pointer == f"/{name}"
        assert refusal(by_performer | {name: by_registry[name]}).pointer == f"/{name}"
    assert refusal(by_registry | {"by_credential": PERFORMER.public.thumbprint}).pointer == "/by_credential"
    assert refusal(by_performer | {"replaces": PERFORMER.public.thumbprint}).pointer == "/replaces"
    assert refusal(by_performer | {"introduced_by": "registry"}).pointer == "/examiner"
    assert refusal(by_registry | {"introduced_by": "performer"}).pointer == "/by_credential"


def test_a_key_does_not_introduce_itself() -> None:
    assert refusal(credential_body(SECOND.public, by=SECOND.public)).rule == "introduced_by"
    assert refusal(credential_body(SECOND.public, replaces=SECOND.public.thumbprint)).rule == "introduced_by"


def test_kind_and_form_of_a_key_fit() -> None:
    check_body(credential_body(PASSKEY))
    assert refusal(credential_body(PASSKEY, kind="ed25519")).pointer == "/public_key"
    assert refusal(credential_body(SECOND.public, kind="passkey")).pointer == "/public_key"
    jwk = {**SECOND.public.to_jwk(), "use": "sig"}
    assert refusal(credential_body(SECOND.public, public_key=jwk)).rule == "jwk"
    assert refusal(credential_body(SECOND.public, public_key={"kty": "OKP"})).pointer == "/public_key/crv"


def test_sets_are_bounded() -> None:
    body = grant_body()
    body["lines"][0]["constraints"][1]["ids"] = [f"sha256:{number:064x}" for number in range(5001)]
    assert refusal(body).rule == "length"


def test_ids_of_one_prefix_are_not_those_of_another() -> None:
    assert refusal(grant_body(offer=an_id("grt"))).pointer == "/offer"
