"""The completed question: what is decided, digested, echoed as `asked` and receipted.

Every value is final here; nothing is filled in later. What only depends on the question (its
modalities, whether it is adult, whether it stops before any fact is looked at) is worked out once,
at birth.
"""

import hashlib
from copy import copy
from typing import Any, Final, Self

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import force_setattr

from consent.core import content
from consent.core.bounds import RECEIPT_VALIDITY_INFERENCE_S, RECEIPT_VALIDITY_TRAINING_S
from consent.core.modalities import split_modalities
from consent.core.purposes import FLAGS, PURPOSES, implied_flag
from consent.core.reasons import Reason, in_order
from consent.core.territories import is_region
from consent.core.uses import OUTPUT, USES

END_USER_SCOPES: Final = {"internal": 0, "identified_customers": 1, "public": 2}

_ENCODE: Final = msgspec.json.Encoder().encode
_FAMILIES: Final = {name: use.family for name, use in USES.items()}
_HIGHEST_RANK: Final = content.TIER_RANK[content.PARTNERED]
_NO_FLAGS: Final[frozenset[str]] = frozenset()
_MAX_INTEGER: Final = 2**53 - 1  # I-JSON; the digest would otherwise have no RFC 8785 form


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A completed question. Members that are None were neither sent nor in the standing context.

    `performers` are references as sent (`prf_…` or `external_id:…`), sorted and unique; `flags`,
    `themes`, `adult_terms` and `source_material` likewise. `caller` is the asking organization.
    What stands from `modalities` on follows from the rest, whatever it is given.
    """

    caller: str
    use: str
    performers: tuple[str, ...] = ()
    persona: str | None = None
    model: str | None = None
    grant: str | None = None
    on_behalf_of: str | None = None
    modality: str | None = None
    purpose: str | None = None
    territory: str | None = None
    language: str | None = None
    base_model: str | None = None
    source_material: tuple[str, ...] = ()
    content_tier: str = "general"
    adult_terms: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    commercial: bool = True
    end_user_scope: str = "public"
    end_user_age_assured: bool | None = None
    quantity: int = 1

    modalities: frozenset[str] | None = None
    rank: int = 0
    adult: bool = False
    needs_age: bool = False
    all_flags: frozenset[str] = _NO_FLAGS
    family: str = ""
    is_output: bool = False
    plain: bool = False
    simple: bool = False
    valid_for_s: int = 0
    stops: tuple[Reason, ...] = ()

    def __post_init__(self) -> None:
        """Work out what follows from the question alone; total for any strings."""
        rank = content.TIER_RANK.get(self.content_tier, _HIGHEST_RANK)
        adult = rank >= content.ADULT_RANK or bool(self.adult_terms)
        implied = implied_flag(self.purpose)
        family = _FAMILIES.get(self.use) or self.use.partition(".")[0]
        all_flags = _NO_FLAGS
        if self.flags or implied:
            all_flags = frozenset(self.flags) | ({implied} if implied else _NO_FLAGS)
        force_setattr(self, "modalities", split_modalities(self.modality))
        force_setattr(self, "rank", rank)
        force_setattr(self, "adult", adult)
        # DECIDING 12: cannot be waived.
        needs_age = adult or self.purpose == "companion" or self.use == "infer.chat-persona"
        force_setattr(self, "needs_age", needs_age)
        # Of the lowest tier, without themes, and no matter of age: what most constraints have nothing to say about.
        force_setattr(self, "plain", rank == 0 and not (needs_age or self.themes))
        force_setattr(self, "all_flags", all_flags)
        force_setattr(self, "family", family)
        force_setattr(self, "is_output", family in OUTPUT)
        force_setattr(self, "stops", _stops(self))
        force_setattr(self, "simple", self.plain and not self.stops and _is_of_one_performer(self))
        force_setattr(
            self,
            "valid_for_s",
            RECEIPT_VALIDITY_INFERENCE_S if self.is_output else RECEIPT_VALIDITY_TRAINING_S,
        )

    def about(self, performer: str) -> Self:
        """The same question about another performer. For questions about one performer alone, by reference: what
        follows from the question does not hang on who that is."""
        made = copy(self)  # without `__post_init__`
        force_setattr(made, "performers", (performer,))
        return made

    def to_json(self) -> dict[str, Any]:
        """The `asked` member: only what was sent, came from the context, or was completed."""
        out: dict[str, Any] = {
            "caller": self.caller,
            "use": self.use,
            "content_tier": self.content_tier,
            "commercial": self.commercial,
            "end_user_scope": self.end_user_scope,
            "quantity": self.quantity,
        }
        if len(self.performers) == 1:
            out["performer"] = self.performers[0]
        elif self.performers:
            out["performers"] = list(self.performers)
        for name in _OPTIONAL:
            value = getattr(self, name)
            if value is not None:
                out[name] = value
        for name in _LISTS:
            values = getattr(self, name)
            if values:
                out[name] = list(values)
        for name in self.flags:
            out[name] = True
        return out

    def canonical(self) -> bytes:
        """The RFC 8785 bytes of `to_json()`, by the typed encoder; a property test compares the two."""
        one = len(self.performers) == 1
        flags = self.flags
        return _ENCODE(
            _Written(
                self.adult_terms or UNSET,
                UNSET if self.base_model is None else self.base_model,
                self.caller,
                self.commercial,
                self.content_tier,
                UNSET if self.end_user_age_assured is None else self.end_user_age_assured,
                self.end_user_scope,
                "endorsement" in flags or UNSET,
                UNSET if self.grant is None else self.grant,
                UNSET if self.language is None else self.language,
                "medical" in flags or UNSET,
                UNSET if self.modality is None else self.modality,
                UNSET if self.model is None else self.model,
                UNSET if self.on_behalf_of is None else self.on_behalf_of,
                self.performers[0] if one else UNSET,
                UNSET if one else self.performers or UNSET,
                UNSET if self.persona is None else self.persona,
                "political" in flags or UNSET,
                UNSET if self.purpose is None else self.purpose,
                self.quantity,
                "religious" in flags or UNSET,
                self.source_material or UNSET,
                UNSET if self.territory is None else self.territory,
                self.themes or UNSET,
                self.use,
            )
        )

    def digest(self) -> str:
        """SHA-256, hex, over `canonical()`."""
        return hashlib.sha256(self.canonical()).hexdigest()


# Members stand in the order of their names: msgspec writes them as RFC 8785 does.
class _Written(msgspec.Struct, gc=False):
    adult_terms: tuple[str, ...] | UnsetType
    base_model: str | UnsetType
    caller: str
    commercial: bool
    content_tier: str
    end_user_age_assured: bool | UnsetType
    end_user_scope: str
    endorsement: bool | UnsetType
    grant: str | UnsetType
    language: str | UnsetType
    medical: bool | UnsetType
    modality: str | UnsetType
    model: str | UnsetType
    on_behalf_of: str | UnsetType
    performer: str | UnsetType
    performers: tuple[str, ...] | UnsetType
    persona: str | UnsetType
    political: bool | UnsetType
    purpose: str | UnsetType
    quantity: int
    religious: bool | UnsetType
    source_material: tuple[str, ...] | UnsetType
    territory: str | UnsetType
    themes: tuple[str, ...] | UnsetType
    use: str


_OPTIONAL: Final = (
    "persona",
    "model",
    "grant",
    "on_behalf_of",
    "modality",
    "purpose",
    "territory",
    "language",
    "base_model",
    "end_user_age_assured",
)
_LISTS: Final = ("source_material", "adult_terms", "themes")


def _is_of_one_performer(asked: Asked) -> bool:
    return (
        len(asked.performers) == 1
        and asked.grant is None
        and asked.model is None
        and asked.persona is None
        and asked.on_behalf_of is None
    )


def _stops(asked: Asked) -> tuple[Reason, ...]:
    """What denies whatever the facts are: a word nobody knows, and the permanent denies."""
    known = _all_known(asked)
    prohibited = bool(asked.themes) and content.is_prohibited(rank=asked.rank, themes=frozenset(asked.themes))
    if known and not prohibited:
        return ()
    return in_order(
        ([] if known else [Reason.UNKNOWN_TERM]) + ([Reason.PROHIBITED_CONTENT] if prohibited else [])
    )


def _all_known(asked: Asked) -> bool:
    use = USES.get(asked.use)
    return (
        use is not None
        and not use.reserved
        and _modality_fits(asked, use.modality)
        and (asked.purpose is None or asked.purpose in PURPOSES)
        and (asked.territory is None or is_region(asked.territory))
        and asked.content_tier in content.TIER_RANK
        and asked.end_user_scope in END_USER_SCOPES
        and (not asked.adult_terms or content.ADULT_TERMS.keys() >= set(asked.adult_terms))
        and (not asked.themes or set(asked.themes) <= content.THEMES)
        and (not asked.flags or set(asked.flags) <= set(FLAGS))
        and 1 <= asked.quantity <= _MAX_INTEGER
    )


def _modality_fits(asked: Asked, follows: str | None) -> bool:
    if asked.modality is None:
        return True  # judged as a missing attribute
    return asked.modalities is not None and follows in (None, asked.modality)
