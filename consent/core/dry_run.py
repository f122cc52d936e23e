"""Dry run: "with this, they could… they could not…", answered by the very `decide` that will answer.

Sample questions are drawn from the terms themselves (what each line was written to allow) and from
what people fear (the uses, purposes, tiers and regions beside them).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from msgspec.structs import replace

from consent.core.asked import Asked
from consent.core.content import TIERS
from consent.core.facts import Facts, GrantFacts, SubjectFacts
from consent.core.lines import Line, named_uses
from consent.core.modalities import MODALITIES
from consent.core.obligations import OBLIGATIONS
from consent.core.policy import decide
from consent.core.reasons import Reason
from consent.core.states import GrantState
from consent.core.terms import GrantTerms, LimitsTerms
from consent.core.territories import WORLD
from consent.core.uses import USES

_PERFORMER: Final = "prf_test_sample"
_LICENSEE: Final = "org_test_sample"
_GRANT: Final = "grt_test_sample"
# What people ask about first; each is asked of every dry run unless a line's own sample asks it.
_FEARED_USES: Final = (
    "train.voice",
    "train.likeness",
    "train.foundation",
    "infer.voice",
    "infer.video",
    "infer.chat-persona",
    "edit.undress",
    "publish.ugc",
    "model.open-weights",
)
_FEARED_PURPOSES: Final = ("advertise", "political", "religious", "adult")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One sample question and its answer. `about` says what the sample varies: use, purpose, …"""

    about: str
    asked: dict[str, Any]
    allowed: bool
    reasons: tuple[Reason, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """What the licensee could do, and could not, if the terms were signed and active."""

    could: tuple[Sample, ...]
    could_not: tuple[Sample, ...]


def dry_run(terms: GrantTerms, *, at: datetime, limits: LimitsTerms | None = None) -> DryRun:
    """Answer the sample questions as if the terms were signed and their term had begun.

    The licensee is taken to meet every obligation, and nothing has been counted yet.
    """
    moment = max(at, terms.valid_from)
    facts = _facts(terms, limits, moment)
    samples = [_answer(about, asked, facts, moment) for about, asked in _questions(terms)]
    return DryRun(
        could=tuple(sample for sample in samples if sample.allowed),
        could_not=tuple(sample for sample in samples if not sample.allowed),
    )


def _answer(about: str, asked: Asked, facts: Facts, at: datetime) -> Sample:
    decision = decide(asked, facts, at)
    return Sample(
        about=about,
        asked=asked.to_json(),
        allowed=decision.allowed,
        reasons=decision.reasons,
        missing=decision.missing,
    )


def _facts(terms: GrantTerms, limits: LimitsTerms | None, at: datetime) -> Facts:
    grant = GrantFacts(grant=_GRANT, state=GrantState.ACTIVE, terms=terms, signed_at=at, usage={})
    subject = SubjectFacts(
        reference=_PERFORMER,
        known=True,
        grants=(grant,),
        limits=limits,
        deceased_at=None,
        prior_record=False,
        ever_signed=True,
    )
    return Facts(
        livemode=False,
        caller=_LICENSEE,
        licensee=_LICENSEE,
        capabilities=OBLIGATIONS,
        subjects=(subject,),
        persona=None,
        model=None,
        selector_found=True,
    )


def _questions(terms: GrantTerms) -> Iterator[tuple[str, Asked]]:
    seen: set[str] = set()
    for about, asked in _all_questions(terms):
        digest = asked.digest()
        if digest not in seen:
            seen.add(digest)
            yield about, asked


def _all_questions(terms: GrantTerms) -> Iterator[tuple[str, Asked]]:
    written: set[str] = set()
    for line in terms.lines:
        for use, covered in named_uses(line).items():
            if not covered:
                continue
            written.add(use)
            sample = _as_written(line, use)
            yield "use", sample
            yield from _beside(sample)
    for use in _FEARED_USES:
        if use not in written:
            yield (
                "use",
                Asked(
                    caller=_LICENSEE,
                    performers=(_PERFORMER,),
                    use=use,
                    modality=USES[use].modality or "voice",
                    purpose="entertainment.film-tv",
                    territory=WORLD,
                    language="en",
                    base_model="any-model",
                    end_user_age_assured=True,
                ),
            )


def _as_written(line: Line, use: str) -> Asked:
    """The question that the line was written to allow: its first value of everything, its widest tier."""
    tagged = line.tagged
    purposes = sorted((line.purposes or frozenset()) - {"*"})
    modalities = [each for each in MODALITIES if each in (line.modalities or ())]
    languages = sorted(tagged["language"].ranges) if "language" in tagged else []
    bases = sorted(tagged["base_model"].ids) if "base_model" in tagged else []
    source = sorted(tagged["source_material"].sha256)[:1] if "source_material" in tagged else []
    scopes = ("internal", "identified_customers", "public")
    return Asked(
        caller=_LICENSEE,
        performers=(_PERFORMER,),
        use=use,
        modality=USES[use].modality or (modalities[0] if modalities else None),
        purpose=purposes[0] if purposes else "entertainment.film-tv",
        territory=_first_region(line),
        language=(languages[0] if languages[0] != "*" else "en") if languages else None,
        base_model=(bases[0] if bases[0] != "*" else "any-model") if bases else None,
        source_material=tuple(source),
        content_tier=TIERS[line.rank or 0],
        commercial=tagged["commercial"].allowed if "commercial" in tagged else True,
        end_user_scope=scopes[tagged["end_users"].rank] if "end_users" in tagged else "public",
        end_user_age_assured=True,
    )


def _first_region(line: Line) -> str | None:
    territory = line.tagged.get("territory")
    if territory is None:
        return None
    if territory.anywhere:
        return WORLD
    codes = sorted(territory.allow.codes - {WORLD})
    return next((code for code in codes if not territory.deny.overlaps(code)), None)


def _beside(sample: Asked) -> Iterator[tuple[str, Asked]]:
    """The same question with one thing changed to what people fear."""
    for purpose in _FEARED_PURPOSES:
        yield "purpose", replace(sample, purpose=purpose)
    for tier in TIERS:
        yield "content_tier", replace(sample, content_tier=tier)
    yield "territory", replace(sample, territory=WORLD)
    yield "commercial", replace(sample, commercial=True)
    yield "end_user_scope", replace(sample, end_user_scope="public")
