"""The completed question: what is decided, digested, echoed as `asked` and receipted.

Every value is final here; nothing is filled in later. What only depends on the question (its
modalities, whether it is adult, whether it stops before any fact is looked at) is worked out once,
at birth.
"""

import hashlib
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from consent.core import content
from consent.core.modalities import split_modalities
from consent.core.purposes import FLAGS, PURPOSES, implied_flag
from consent.core.reasons import Reason, in_order
from consent.core.territories import is_region
from consent.core.uses import OUTPUT, USES

END_USER_SCOPES: Final = {"internal": 0, "identified_customers": 1, "public": 2}

_CANONICAL = msgspec.json.Encoder(order="deterministic")
_MAX_INTEGER: Final = 2**53 - 1  # I-JSON; the digest would otherwise have no RFC 8785 form


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A completed question. Members that are None were neither sent nor in the standing context.

    `performers` are references as sent (`prf_…` or `external_id:…`), sorted and unique; `flags`,
    `themes`, `adult_terms` and `source_material` likewise. `caller` is the asking organization.
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

    modalities: frozenset[str] | None = field(init=False, compare=False, repr=False)
    rank: int = field(init=False, compare=False, repr=False)
    adult: bool = field(init=False, compare=False, repr=False)
    needs_age: bool = field(init=False, compare=False, repr=False)
    all_flags: frozenset[str] = field(init=False, compare=False, repr=False)
    family: str = field(init=False, compare=False, repr=False)
    is_output: bool = field(init=False, compare=False, repr=False)
    stops: tuple[Reason, ...] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Work out what follows from the question alone; total for any strings."""
        rank = content.TIER_RANK.get(self.content_tier, content.TIER_RANK[content.PARTNERED])
        adult = rank >= content.ADULT_RANK or bool(self.adult_terms)
        implied = implied_flag(self.purpose)
        family = self.use.partition(".")[0]
        derived = {
            "modalities": split_modalities(self.modality),
            "rank": rank,
            "adult": adult,
            # DECIDING 12: cannot be waived.
            "needs_age": adult or self.purpose == "companion" or self.use == "infer.chat-persona",
            "all_flags": frozenset(self.flags) | ({implied} if implied else frozenset()),
            "family": family,
            "is_output": family in OUTPUT,
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)
        object.__setattr__(self, "stops", in_order(_stops(self)))

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

    def digest(self) -> str:
        """SHA-256, hex, over the RFC 8785 bytes of `to_json()`."""
        return hashlib.sha256(_CANONICAL.encode(self.to_json())).hexdigest()


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


def _stops(asked: Asked) -> list[Reason]:
    """What denies whatever the facts are: a word nobody knows, and the permanent denies."""
    found = []
    if not _all_known(asked):
        found.append(Reason.UNKNOWN_TERM)
    if content.is_prohibited(rank=asked.rank, themes=frozenset(asked.themes)):
        found.append(Reason.PROHIBITED_CONTENT)
    return found


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
        and content.ADULT_TERMS.keys() >= set(asked.adult_terms)
        and set(asked.themes) <= content.THEMES
        and set(asked.flags) <= set(FLAGS)
        and 1 <= asked.quantity <= _MAX_INTEGER
    )


def _modality_fits(asked: Asked, follows: str | None) -> bool:
    if asked.modality is None:
        return True  # judged as a missing attribute
    return asked.modalities is not None and follows in (None, asked.modality)
