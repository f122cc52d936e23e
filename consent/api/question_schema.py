"""What the wire types of checks cannot say to JSON Schema: the forms of words, and that there is one selector.

The rules themselves are `consent.core.request_forms` and `consent.core.complete`; here they are only told.
"""

from typing import Any

from consent.check.question_body import PRINTABLE
from consent.core.complete import MAX_QUANTITY
from consent.core.territories import COUNTRIES
from consent.core.uses import FAMILIES
from consent.core.wire.check import MAX_BATCH_ROWS, MAX_LIST, MAX_PERFORMERS
from consent.core.wire.decode import SELECTORS

_WORD = "[a-z0-9]([a-z0-9._:+-]{0,62}[a-z0-9])?"
_NAME = "[^\\u0000-\\u0020\\u007f-\\u00a0\\u2028\\u2029\\ufeff]{1,128}"
_PERFORMER = f"(prf_[a-z0-9_]{{1,64}}|external_id:{_NAME})"
_POSITION = "ct_[A-Za-z0-9_-]{76}"
_A, _N = "[A-Za-z]", "[A-Za-z0-9]"
# RFC 5646 §2.1 langtag, without the rule that no variant and no singleton is repeated
_LANGUAGE = (
    f"{_A}{{2,3}}(-{_A}{{3}}){{0,3}}(-{_A}{{4}})?(-({_A}{{2}}|[0-9]{{3}}))?(-({_N}{{5,8}}|[0-9]{_N}{{3}}))*"
    f"(-[0-9A-WY-Za-wy-z](-{_N}{{2,8}})+)*(-[xX](-{_N}{{1,8}})+)?"
)


def _text(pattern: str, description: str = "", **more: Any) -> dict[str, Any]:
    told = {"type": "string", "pattern": f"^{pattern}$(?!\\n)", **more}
    return {**told, "description": description} if description else told


def _set(member: dict[str, Any], *, longest: int) -> dict[str, Any]:
    return {"type": "array", "items": member, "minItems": 1, "maxItems": longest}


_MEMBERS: dict[str, dict[str, Any]] = {
    "performer": _text(_PERFORMER, "A reference `prf_…`, or `external_id:` and your own name."),
    "performers": _set(_text(_PERFORMER), longest=MAX_PERFORMERS),
    "external_id": _text(_NAME, "Your own name for the performer."),
    "persona": _text("per_[a-z0-9_]{1,64}"),
    "model": _text("mdl_[a-z0-9_]{1,64}"),
    "grant": _text("grt_[a-z0-9_]{1,64}"),
    "use": _text(_WORD, "One use; a family of uses is refused.", **{"not": {"enum": sorted(FAMILIES)}}),
    "modality": _text(_WORD, "Only where the use names none."),
    "purpose": _text(_WORD),
    "territory": _text(
        f"(WORLD|({'|'.join(sorted(COUNTRIES))})(-[A-Z0-9]{{1,3}})?)", "ISO 3166-1, ISO 3166-2 or WORLD."
    ),
    "language": _text(_LANGUAGE, "A BCP 47 tag.", maxLength=64),
    "base_model": _text("(sha256:[0-9a-f]{64}|(?!sha256:)[!-~]{2,480})", "A digest, a URI or a name."),
    "source_material": _set(_text("[0-9a-f]{64}"), longest=MAX_LIST),
    "content_tier": _text(_WORD),
    "adult_terms": _set(_text(_WORD), longest=MAX_LIST),
    "themes": _set(_text(_WORD), longest=MAX_LIST),
    "end_user_scope": _text(_WORD),
    "quantity": {"type": "integer", "minimum": 1, "maximum": MAX_QUANTITY},
    "on_behalf_of": _text(
        "org_([a-z2-7]{26}|test_[a-z0-9]{1,20}(_[a-z0-9]{1,20}){0,3})",
        "Whose grants are asked about, if not your own.",
    ),
    "at_least": _text(_POSITION, "A position that the answer must include."),
    "nonce": _text(PRINTABLE, "The same nonce counts outputs once."),
}


def tell_forms(components: dict[str, Any]) -> None:
    """Complete the schemas of checks in place."""
    question = components["CheckRequest"]
    question["properties"] |= _MEMBERS
    question["oneOf"] = [_only(selector) for selector in SELECTORS]
    batch = components["BatchRequest"]
    batch["properties"]["checks"] |= {
        "minItems": 1,
        "maxItems": MAX_BATCH_ROWS,
        # A row at fault is answered as {id, problem}: only its id is a matter of the whole.
        "items": {
            "type": "object",
            "description": "A question as in `CheckRequest`, with an id of its own; what it leaves out comes from "
            "`defaults`. A selector replaces any selector of the defaults.",
            "properties": {"id": _text(PRINTABLE)},
            "required": ["id"],
        },
    }
    for name in ("at_least", "nonce"):
        batch["properties"][name] = _MEMBERS[name]


def _only(selector: str) -> dict[str, Any]:
    others = {name: False for name in SELECTORS if name != selector}
    return {"required": [selector], "properties": others}
