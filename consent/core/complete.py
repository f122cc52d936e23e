"""Completing a question: what follows from the use, the widest ask, and the key's standing context.

Completion refuses what is malformed (a problem, HTTP 400). Words of the right form that nobody
knows stay in: `decide` denies them as `unknown_term`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final, TypeVar

from msgspec import UNSET, UnsetType

from consent.core import request_forms as forms
from consent.core.asked import Asked
from consent.core.purposes import FLAGS
from consent.core.uses import USES
from consent.core.wire.check import MAX_LIST, MAX_PERFORMERS, CheckRequest
from consent.core.wire.decode import SELECTORS
from consent.core.wire.errors import WireError

MAX_QUANTITY: Final = 1_000_000_000  # outputs of one question

T = TypeVar("T")


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
        purpose=_or(request.purpose, context.purpose),
        territory=_or(request.territory, context.territory),
        language=_or(request.language, context.language),
        base_model=_or(request.base_model, context.base_model),
        source_material=_set(request.source_material),
        content_tier=_or(request.content_tier, "general"),
        adult_terms=_set(request.adult_terms),
        themes=_set(request.themes),
        flags=tuple(sorted(name for name in FLAGS if getattr(request, name) is True)),
        commercial=_or(request.commercial, True),
        end_user_scope=_or(request.end_user_scope, "public"),
        end_user_age_assured=_or(request.end_user_age_assured, None),
        quantity=_or(request.quantity, 1),
    )


def _or(sent: T | UnsetType, default: T) -> T:
    return default if isinstance(sent, UnsetType) else sent


def _check_forms(request: CheckRequest) -> None:
    forms.check_use(request.use)
    forms.check_territory(_or(request.territory, None))
    forms.check_language(_or(request.language, None))
    forms.check_base_model(_or(request.base_model, None))
    for name in ("purpose", "content_tier", "end_user_scope", "modality"):
        forms.check_token(name, _or(getattr(request, name), None))
    if not isinstance(request.source_material, UnsetType):
        expected = "SHA-256 in lower-case hex"
        forms.check_set(
            "source_material", request.source_material, form=forms.SHA256, expected=expected, limit=MAX_LIST
        )
    for name in ("adult_terms", "themes"):
        words = getattr(request, name)
        if words is not UNSET:
            forms.check_set(name, words, form=forms.TOKEN, expected="a documented word", limit=MAX_LIST)
    quantity = _or(request.quantity, 1)
    if not 1 <= quantity <= MAX_QUANTITY:
        raise WireError(
            "/quantity", "quantity", f"1 to {MAX_QUANTITY}", forms.shown(quantity), "quantity_invalid"
        )


def _performers(request: CheckRequest) -> tuple[str, ...]:
    sent = [name for name in SELECTORS if getattr(request, name) is not UNSET]
    if len(sent) != 1:
        raise WireError(
            f"/{sent[1]}" if sent else "",
            "one_selector",
            "exactly one of " + ", ".join(SELECTORS),
            " and ".join(sent) or "none",
            "selector_conflict" if sent else "selector_missing",
        )
    if not isinstance(request.performer, UnsetType):
        return (forms.check_performer("/performer", request.performer),)
    if not isinstance(request.external_id, UnsetType):
        return (forms.check_performer("/external_id", forms.EXTERNAL + request.external_id),)
    if not isinstance(request.performers, UnsetType):
        forms.check_length("performers", request.performers, MAX_PERFORMERS)
        checked = [
            forms.check_performer(f"/performers/{place}", each)
            for place, each in enumerate(request.performers)
        ]
        return tuple(sorted(set(checked)))
    return ()


def _reference(name: str, sent: str | UnsetType) -> str | None:
    return None if isinstance(sent, UnsetType) else forms.check_reference(name, sent)


def _modality(request: CheckRequest) -> str | None:
    sent = _or(request.modality, None)
    use = USES.get(request.use)
    follows = use.modality if use is not None else None
    if follows is not None and sent not in (None, follows):
        raise WireError(
            "/modality", "modality_follows_from_use", follows, forms.shown(sent), "modality_differs"
        )
    return follows or sent


def _set(sent: list[str] | UnsetType) -> tuple[str, ...]:
    return () if isinstance(sent, UnsetType) else tuple(sorted(set(sent)))
