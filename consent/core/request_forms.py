"""The forms of single values in a question: what is malformed is refused with pointer and rule.

A form says nothing of what exists: `decide` denies words of the right form that nobody knows.
"""

import re
from functools import lru_cache
from typing import Final

from consent.core.languages import is_language_tag
from consent.core.territories import HINTS, is_region
from consent.core.uses import FAMILIES, USES
from consent.core.wire.errors import WireError

EXTERNAL: Final = "external_id:"
SHA256 = re.compile(r"[0-9a-f]{64}")
TOKEN = re.compile(r"[a-z0-9](?:[a-z0-9._:+-]{0,62}[a-z0-9])?")

_EXTERNAL_ID = re.compile(r"[^\x00-\x20\x7f-\xa0\ud800-\udfff\u2028\u2029\ufeff]{1,128}")
_REFERENCE = {
    "performer": re.compile(r"prf_[a-z0-9_]{1,64}"),
    "persona": re.compile(r"per_[a-z0-9_]{1,64}"),
    "model": re.compile(r"mdl_[a-z0-9_]{1,64}"),
    "grant": re.compile(r"grt_[a-z0-9_]{1,64}"),
    "on_behalf_of": re.compile(r"org_[a-z0-9_]{1,64}"),
}
_BASE_MODEL = re.compile(r"sha256:[0-9a-f]{64}|(?!sha256:)[!-~]{2,400}")
_SHOWN_CHARS: Final = 60


@lru_cache(maxsize=1024)
def is_base_model(text: str) -> bool:
    """Say whether `text` is a digest, a URI or a name of a base model: printable ASCII, no spaces."""
    return _BASE_MODEL.fullmatch(text) is not None


def check_use(use: str) -> None:
    """Refuse a family, which may stand in grants and prohibitions only (DECIDING 3)."""
    if use in FAMILIES:
        member = next(name for name, each in USES.items() if each.family == use)
        raise WireError("/use", "use_is_exact", f"one use of it, such as {member}", use, "use_is_a_family")
    check_token("use", use)


def check_performer(pointer: str, reference: str) -> str:
    """Accept `prf_…` or `external_id:…`."""
    if reference.startswith(EXTERNAL):
        good = _EXTERNAL_ID.fullmatch(reference[len(EXTERNAL) :])
    else:
        good = _REFERENCE["performer"].fullmatch(reference)
    if not good:
        raise WireError(
            pointer, "performer_reference", "prf_… or external_id:…", shown(reference), "reference_invalid"
        )
    return reference


def check_reference(name: str, reference: str) -> str:
    """Accept an id of the kind that the member `name` holds."""
    form = _REFERENCE[name]
    if not form.fullmatch(reference):
        raise WireError(
            f"/{name}", "reference", f"{form.pattern[:4]}…", shown(reference), "reference_invalid"
        )
    return reference


def check_territory(territory: str | None) -> None:
    """Accept a region of ISO 3166 or WORLD; EU and UK get a hint (DECIDING 8)."""
    if territory is None or is_region(territory):
        return
    expected = HINTS.get(territory, "ISO 3166-1 alpha-2, ISO 3166-2 or WORLD, such as DE or US-CA")
    raise WireError("/territory", "iso3166", expected, shown(territory), "territory_invalid")


def check_language(language: str | None) -> None:
    """Accept a well-formed BCP 47 tag."""
    if language is not None and not is_language_tag(language):
        raise WireError(
            "/language", "bcp47", "a tag such as de or pt-BR", shown(language), "language_invalid"
        )


def check_base_model(base_model: str | None) -> None:
    """Accept a digest, URI or name."""
    if base_model is not None and not is_base_model(base_model):
        expected = "sha256:… or a URI or name without spaces"
        raise WireError("/base_model", "base_model", expected, shown(base_model), "base_model_invalid")


def check_token(name: str, value: str | None) -> None:
    """Accept anything that has the form of a documented word."""
    if value is not None and not TOKEN.fullmatch(value):
        raise WireError(f"/{name}", "token", "a documented word", shown(value), f"{name}_invalid")


def check_length(name: str, values: list[str], limit: int) -> None:
    """Refuse empty lists (DECIDING 2) and long ones."""
    if not values:
        raise WireError(f"/{name}", "list_not_empty", "one at least, or no list", "no member", "list_empty")
    if len(values) > limit:
        raise WireError(f"/{name}", "list_length", f"at most {limit}", str(len(values)), "list_too_long")


def check_set(name: str, values: list[str], *, form: re.Pattern[str], expected: str, limit: int) -> None:
    """Accept a list whose every member has the form."""
    check_length(name, values, limit)
    for place, value in enumerate(values):
        if not form.fullmatch(value):
            raise WireError(f"/{name}/{place}", name, expected, shown(value), f"{name}_invalid")


def shown(value: object) -> str:
    """A refused value, short enough for an error."""
    return str(value)[:_SHOWN_CHARS]
