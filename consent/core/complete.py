"""Completing a question: what follows from the use, the widest ask, and the key's standing context.

Completion refuses what is malformed (a problem, HTTP 400). Words of the right form that nobody
knows stay in: `decide` denies them as `unknown_term`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final, NoReturn

from msgspec import UNSET, UnsetType

from consent.core import request_forms as forms
from consent.core.asked import END_USER_SCOPES, Asked
from consent.core.content import TIER_RANK
from consent.core.purposes import FLAGS, PURPOSES
from consent.core.uses import USES
from consent.core.wire.check import MAX_LIST, MAX_PERFORMERS, CheckRequest
from consent.core.wire.decode import SELECTORS
from consent.core.wire.errors import WireError

MAX_QUANTITY: Final = 1_000_000_000  # outputs of one question


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingContext:
    """What a key's owner set in the console once, so that every question need not say it."""

    territory: str | None = None
    language: str | None = None
    purpose: str | None = None
    base_model: str | None = None

    def to_json(self) -> dict[str, str]:
        """Only the members that are set."""
        return {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) is not None}

    @classmethod
    def from_json(cls, document: Mapping[str, object]) -> "StandingContext":
        """Read and check what a key is to carry.

        Raises:
            WireError: an unknown member or a malformed value.
        """
        known = sorted(f.name for f in fields(cls))
        values: dict[str, str] = {}
        for name, value in document.items():
            if name not in known:
                expected = "one of " + ", ".join(known)
                raise WireError(f"/{name}", "member_known", expected, name, "member_unknown")
            if not isinstance(value, str):
                raise WireError(f"/{name}", "type", "str", type(value).__name__, "type_invalid")
            values[name] = value
        context = cls(**values)
        forms.check_territory(context.territory)
        forms.check_language(context.language)
        forms.check_token("purpose", context.purpose)
        forms.check_base_model(context.base_model)
        return context


def complete(request: CheckRequest, context: StandingContext, *, caller: str) -> Asked:
    """Complete a typed request into the question that is decided (DESIGN §5).

    Raises:
        WireError: a malformed value, no selector or two, a family as use, a modality that differs
            from the table, `EU` or `UK` as a territory. Unknown words of the right form do not raise.
    """
    _check_forms(request)
    return Asked(
        caller=caller,
        use=request.use,
        performers=_performers(request),
        persona=_reference("persona", request.persona),
        model=_reference("model", request.model),
        grant=_reference("grant", request.grant),
        on_behalf_of=_reference("on_behalf_of", request.on_behalf_of),
        modality=_modality(request),
        purpose=context.purpose if request.purpose is UNSET else request.purpose,
        territory=context.territory if request.territory is UNSET else request.territory,
        language=context.language if request.language is UNSET else request.language,
        base_model=context.base_model if request.base_model is UNSET else request.base_model,
        source_material=_set(request.source_material),
        content_tier="general" if request.content_tier is UNSET else request.content_tier,
        adult_terms=_set(request.adult_terms),
        themes=_set(request.themes),
        flags=_flags(request),
        commercial=True if request.commercial is UNSET else request.commercial,
        end_user_scope="public" if request.end_user_scope is UNSET else request.end_user_scope,
        end_user_age_assured=None if request.end_user_age_assured is UNSET else request.end_user_age_assured,
        quantity=1 if request.quantity is UNSET else request.quantity,
    )


def _check_forms(request: CheckRequest) -> None:
    """Refuse what is malformed, in a fixed order: a value that is a documented word needs no second look."""
    if request.use not in USES:
        forms.check_use(request.use)
    if request.territory is not UNSET:
        forms.check_territory(request.territory)
    if request.language is not UNSET:
        forms.check_language(request.language)
    if request.base_model is not UNSET:
        forms.check_base_model(request.base_model)
    if request.purpose is not UNSET and request.purpose not in PURPOSES:
        forms.check_token("purpose", request.purpose)
    if request.content_tier is not UNSET and request.content_tier not in TIER_RANK:
        forms.check_token("content_tier", request.content_tier)
    if request.end_user_scope is not UNSET and request.end_user_scope not in END_USER_SCOPES:
        forms.check_token("end_user_scope", request.end_user_scope)
    if request.modality is not UNSET:
        forms.check_token("modality", request.modality)
    if request.source_material is not UNSET:
        expected = "SHA-256 in lower-case hex"
        forms.check_set(
            "source_material", request.source_material, form=forms.SHA256, expected=expected, limit=MAX_LIST
        )
    for name, words in (("adult_terms", request.adult_terms), ("themes", request.themes)):
        if words is not UNSET:
            forms.check_set(name, words, form=forms.TOKEN, expected="a documented word", limit=MAX_LIST)
    if request.quantity is not UNSET and not 1 <= request.quantity <= MAX_QUANTITY:
        raise WireError(
            "/quantity", "quantity", f"1 to {MAX_QUANTITY}", forms.shown(request.quantity), "quantity_invalid"
        )


def _performers(request: CheckRequest) -> tuple[str, ...]:
    if (
        (request.performer is UNSET)
        + (request.performers is UNSET)
        + (request.external_id is UNSET)
        + (request.persona is UNSET)
        + (request.model is UNSET)
        + (request.grant is UNSET)
    ) != len(SELECTORS) - 1:
        _refuse_selectors(request)
    if request.performer is not UNSET:
        return (forms.check_performer("/performer", request.performer),)
    if request.external_id is not UNSET:
        return (forms.check_performer("/external_id", forms.EXTERNAL + request.external_id),)
    if request.performers is not UNSET:
        forms.check_length("performers", request.performers, MAX_PERFORMERS)
        checked = [
            forms.check_performer(f"/performers/{place}", each)
            for place, each in enumerate(request.performers)
        ]
        return tuple(sorted(set(checked)))
    return ()


def _refuse_selectors(request: CheckRequest) -> NoReturn:
    sent = [name for name in SELECTORS if getattr(request, name) is not UNSET]
    raise WireError(
        f"/{sent[1]}" if sent else "",
        "one_selector",
        "exactly one of " + ", ".join(SELECTORS),
        " and ".join(sent) or "none",
        "selector_conflict" if sent else "selector_missing",
    )


def _flags(request: CheckRequest) -> tuple[str, ...]:
    if (
        request.political is UNSET
        and request.religious is UNSET
        and request.medical is UNSET
        and request.endorsement is UNSET
    ):
        return ()
    return tuple(sorted(name for name in FLAGS if getattr(request, name) is True))


def _reference(name: str, sent: str | UnsetType) -> str | None:
    return None if sent is UNSET else forms.check_reference(name, sent)


def _modality(request: CheckRequest) -> str | None:
    sent = None if request.modality is UNSET else request.modality
    use = USES.get(request.use)
    follows = use.modality if use is not None else None
    if follows is not None and sent is not None and sent != follows:
        raise WireError(
            "/modality", "modality_follows_from_use", follows, forms.shown(sent), "modality_differs"
        )
    return follows or sent


def _set(sent: list[str] | UnsetType) -> tuple[str, ...]:
    return () if sent is UNSET else tuple(sorted(set(sent)))
