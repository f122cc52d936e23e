"""Hypothesis strategies: scenarios that allow often enough to make properties mean something."""

import copy
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from hypothesis import strategies as st

from tests.core.bodies import MODALITY_OF, grant_body, line_for
from tests.core.reference_words import (
    FLAGS,
    LISTABLE,
    OBLIGATIONS,
    PERMANENT,
    PURPOSES,
    SCOPES,
    TERM_TIER,
    TIERS,
)

Json = dict[str, Any]

AT: Final = datetime(2027, 6, 1, 12, 0, 0, tzinfo=UTC)
# Few words, so that questions and grants meet; every kind of word is among them.
_USES: Final = (
    "train.voice", "infer.voice", "infer.image", "publish.stream", "infer.chat-persona", "derive.merge",
    "capture.voice", "edit.undress",
)  # fmt: skip
_REGIONS: Final = ("DE", "AT", "US", "US-NY", "US-CA", "PR", "FR-77", "FR-IDF", "WORLD")
_LANGUAGES: Final = ("de", "de-CH", "en", "en-GB")
_PURPOSES: Final = ("audiobook", "advertise", "companion", "political")
_STATES: Final = (*["active"] * 20, "suspended", "revoked", "signed", "superseded")
_DIGESTS: Final = ("a" * 64, "b" * 64)


def some(values: Any, *, most: int = 3) -> st.SearchStrategy[list[str]]:
    """A sorted set of one to `most` values."""
    return st.lists(st.sampled_from(list(values)), min_size=1, max_size=most, unique=True).map(sorted)


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """The strategy's value, or None for leaving it out; leaving out is the simpler."""
    return st.one_of(st.none(), strategy)


def rarely(draw: st.DrawFn, one_in: int) -> bool:
    """True about once in `one_in` draws; hypothesis favours the ends of a range of integers, not of a list."""
    return draw(st.sampled_from([False] * (one_in - 1) + [True]))


_windows = st.sampled_from(
    [
        {"not_before": "2027-05-01T00:00:00Z"},
        {"not_before": "2027-07-01T00:00:00Z"},
        {"not_after": "2027-06-01T12:00:00Z"},
        {"not_after": "2027-08-01T00:00:00Z"},
    ]
)
_territories = st.one_of(
    st.just({"allow": ["WORLD"]}),
    st.builds(lambda allow: {"allow": allow}, some(r for r in _REGIONS if r != "WORLD")),
    st.builds(lambda deny: {"allow": ["WORLD"], "deny": deny}, some(r for r in _REGIONS if r != "WORLD")),
)
_CONSTRAINTS: Final[dict[str, st.SearchStrategy[Any]]] = {
    "territory": _territories,
    "language": st.one_of(st.just({"ranges": ["*"]}), some(_LANGUAGES).map(lambda r: {"ranges": r})),
    "base_model": st.sampled_from([{"ids": ["*"]}, {"ids": ["base-1"]}, {"ids": ["base-2"]}]),
    "model": st.sampled_from([{"ids": ["mdl_test_a"]}, {"ids": ["mdl_test_a", "mdl_test_b"]}]),
    "source_material": some(_DIGESTS).map(lambda digests: {"sha256": digests}),
    "commercial": st.booleans().map(lambda allowed: {"allowed": allowed}),
    "end_users": st.builds(
        lambda scope, assured: {"scope": scope, "age_assured": assured},
        st.sampled_from(SCOPES),
        st.booleans(),
    ),
    "max_outputs": st.integers(1, 4).map(lambda limit: {"limit": limit}),
    "rate": st.integers(1, 4).map(lambda limit: {"per_day": limit}),
    "themes": some(LISTABLE).map(lambda themes: {"allowed": themes}),
    "adult_terms": st.builds(
        lambda terms, partners: {"terms": terms, "scene_partners": partners},
        some(["nudity", "explicit-partnered", "explicit-solo", "fetish:latex"], most=4),
        st.sampled_from(["none", "synthetic_only", "consenting_registered"]),
    ),
    "purpose": some(FLAGS).map(lambda flags: {"flags": flags}),
    "term": _windows,
}


@st.composite
def lines(draw: st.DrawFn, use: str, line_id: str) -> Json:
    """A line near `use`: mostly the good line, with a few members drawn anew."""
    changes: Json = {"id": line_id, "constraints": {}}
    kinds = draw(st.lists(st.sampled_from(sorted(_CONSTRAINTS)), max_size=2, unique=True))
    for kind in kinds:
        changes["constraints"][kind] = draw(_CONSTRAINTS[kind])
    if rarely(draw, 10):
        changes["constraints"][draw(st.sampled_from(["territory", "commercial", "end_users"]))] = False
    if rarely(draw, 5):
        changes["purposes"] = draw(st.one_of(st.just(["*"]), some(_PURPOSES)))
    if rarely(draw, 4):
        changes["content_max"] = draw(st.sampled_from(TIERS))
    if rarely(draw, 10):
        changes["modalities"] = draw(some(["voice", "face", "body", "motion"]))
    if rarely(draw, 8):
        changes["uses"] = sorted(
            {use.split(".", maxsplit=1)[0], *draw(st.lists(st.sampled_from(_USES), max_size=1))}
        )
    if rarely(draw, 10):
        changes["initials"] = not use.startswith("infer.chat")
    return line_for(use, **changes)


@st.composite
def prohibitions(draw: st.DrawFn) -> Json:
    """A prohibition of one or two selectors."""
    selectors = {
        "uses": some([*_USES, "infer", "train", "publish"]),
        "modalities": some(["voice", "face", "body"]),
        "purposes": some(PURPOSES),
        "flags": some(FLAGS),
        "content_tiers": some(TIERS[1:]),
        "adult_terms": some(TERM_TIER),
        "themes": some([*PERMANENT, *LISTABLE]),
        "territories": some(_REGIONS),
    }
    names = draw(st.lists(st.sampled_from(sorted(selectors)), min_size=1, max_size=2, unique=True))
    return {name: draw(selectors[name]) for name in names}


def rarely_unknown(draw: st.DrawFn, body: Json) -> None:
    """Once in a while, something in the body that nobody knows."""
    match draw(st.sampled_from([9] * 60 + [0, 1, 2, 3, 4])):
        case 0:
            body["schema"] = "consent-registry/grant/v2"
        case 1:
            body["lines"][0].setdefault("constraints", []).append({"kind": "moon_phase", "v": 1})
        case 2:
            body["lines"][0].setdefault("constraints", []).append({"kind": "rate", "v": 2, "per_day": 9})
        case 3:
            body["prohibitions"] = [{"moons": ["full"]}]
        case 4:
            body["obligations"] = ["dance.naked"]


@st.composite
def grants(draw: st.DrawFn, grant_id: str, use: str, caller: str) -> Json:
    """A grant of one to three lines, mostly about `use`."""
    count = draw(st.integers(1, 3))
    uses = [use if n == 0 else draw(st.sampled_from(_USES)) for n in range(count)]
    body = grant_body([draw(lines(each, f"l{n}")) for n, each in enumerate(uses, start=1)], id=grant_id)
    if rarely(draw, 4):
        body["prohibitions"] = draw(st.lists(prohibitions(), min_size=1, max_size=2))
    if rarely(draw, 6):
        body["obligations"] = draw(some(OBLIGATIONS))
    if rarely(draw, 6):
        body["valid_from"] = "2027-06-02T00:00:00Z"
    if rarely(draw, 8):
        body["valid_until"] = "2027-06-01T12:00:00Z"
    if rarely(draw, 4):
        body["posthumous"] = {"allowed": True, "years": draw(st.integers(1, 2))}
    if caller != "org_test_one" and not rarely(draw, 5):
        body["recipients"] = [{"id": caller, "legal_name": "Cloud", "role": "host"}]
    rarely_unknown(draw, body)
    return {
        "id": grant_id,
        "state": draw(st.sampled_from(_STATES)),
        "signed_at": draw(
            st.sampled_from([AT - timedelta(days=days) for days in (100, 100, 100, 100, 3650, 3652, 3653)])
        ),
        "usage": draw(
            st.one_of(
                st.just({}),
                st.just({}),
                st.none(),
                st.just({"l1.max_outputs": 2, "l1.rate.2027-06-01": 2, "l1.rate.2027-05-31": 9}),
            )
        ),
        "body": body,
    }


@st.composite
def subjects(draw: st.DrawFn, reference: str, use: str, caller: str) -> Json:
    """A performer with up to three grants."""
    names = [
        f"{reference.replace('prf', 'grt')}_{n}" for n in range(draw(st.sampled_from([1, 1, 1, 2, 3, 0])))
    ]
    subject: Json = {
        "reference": reference,
        "known": not rarely(draw, 16),
        "grants": [draw(grants(name, use, caller)) for name in names],
        "prior_record": draw(st.booleans()),
        "ever_signed": draw(st.booleans()),
    }
    if rarely(draw, 4):
        never = draw(st.lists(prohibitions(), min_size=1, max_size=2))
        subject["limits"] = {"schema": "consent-registry/limits/v1", "never": never}
        if rarely(draw, 10):
            subject["limits"]["schema"] = "consent-registry/limits/v9"
    if rarely(draw, 10):
        subject["deceased_at"] = AT - timedelta(days=draw(st.sampled_from([0, 300, 366, 800, -1])))
    return subject


@st.composite
def requests(draw: st.DrawFn, use: str) -> Json:
    """A request about `use`, without its selector: mostly the good one, with a few members changed."""
    request: Json = {
        "use": use,
        "purpose": "audiobook",
        "territory": "DE",
        "language": "de",
        "base_model": "base-1",
    }
    if use not in MODALITY_OF:
        request["modality"] = "voice"
    changes: dict[str, st.SearchStrategy[Any]] = {
        "territory": maybe(st.sampled_from(_REGIONS)),
        "language": maybe(st.sampled_from(_LANGUAGES)),
        "purpose": maybe(st.sampled_from(_PURPOSES)),
        "base_model": maybe(st.sampled_from(["base-1", "base-2"])),
        "content_tier": st.sampled_from(TIERS),
        "adult_terms": some(["nudity", "fetish:latex", "fetish:rope", "explicit-solo"], most=2),
        "themes": some([*LISTABLE, *PERMANENT], most=2),
        "commercial": st.booleans(),
        "end_user_scope": st.sampled_from(SCOPES),
        "end_user_age_assured": st.booleans(),
        "quantity": st.integers(1, 5),
        "source_material": some(_DIGESTS),
        **{flag: st.booleans() for flag in FLAGS},
    }
    for name in draw(st.lists(st.sampled_from(sorted(changes)), max_size=2, unique=True)):
        value = draw(changes[name])
        if value is None:
            request.pop(name, None)
        else:
            request[name] = value
    if use not in MODALITY_OF and rarely(draw, 10):
        del request["modality"]
    return request


@st.composite
def scenarios(draw: st.DrawFn) -> Json:
    """A question and everything known about it."""
    use = draw(st.sampled_from(_USES))
    caller = draw(st.sampled_from(["org_test_one", "org_test_one", "org_test_one", "org_test_host"]))
    request = draw(requests(use))
    names = draw(st.sampled_from([["prf_test_one"], ["prf_test_one"], ["prf_test_one", "prf_test_two"]]))
    scenario: Json = {
        "at": AT,
        "request": request,
        "caller": caller,
        "licensee": "org_test_one",
        "capabilities": draw(st.sampled_from([OBLIGATIONS, OBLIGATIONS, []])),
        "subjects": [draw(subjects(name, use, caller)) for name in names],
        "over_quota": rarely(draw, 20),
    }
    match draw(st.sampled_from(["performers", "performers", "performers", "model", "persona", "grant"])):
        case "performers":
            request["performers"] = names
        case "model":
            _ask_by_model(draw, scenario, names)
        case "persona":
            _ask_by_persona(draw, scenario, names)
        case "grant":
            scenario["subjects"] = scenario["subjects"][:1]
            request["grant"] = "grt_test_one_0"
    if caller != "org_test_one" and "model" not in request and "persona" not in request:
        request["on_behalf_of"] = draw(st.sampled_from(["org_test_one", "org_test_one", "org_test_two"]))
    return scenario


def _ask_by_model(draw: st.DrawFn, scenario: Json, names: list[str]) -> None:
    scenario["request"]["model"] = "mdl_test_a"
    scenario["model"] = {
        "id": "mdl_test_a",
        "owner": draw(st.sampled_from(["org_test_one"] * 5 + ["org_test_two"])),
        "performers": names,
        "tainted": rarely(draw, 6),
        "disabled": rarely(draw, 6),
    }


def _ask_by_persona(draw: st.DrawFn, scenario: Json, names: list[str]) -> None:
    scenario["request"]["persona"] = "per_test_a"
    fictional = draw(st.booleans())
    scenario["persona"] = {
        "id": "per_test_a",
        "owner": "org_test_one",
        "fictional_attester": "org_test_guild" if fictional else None,
        "performers": [] if fictional else names,
        "models": ["mdl_test_a"] if draw(st.booleans()) else [],
    }
    if scenario["persona"]["models"] and not rarely(draw, 6):
        scenario["persona_models"] = [
            {
                "id": "mdl_test_a",
                "owner": "org_test_one",
                "performers": names,
                "tainted": rarely(draw, 5),
            }
        ]
    elif fictional:
        scenario["subjects"] = []


def changed(scenario: Json) -> Json:
    """A copy to change."""
    return copy.deepcopy(scenario)
