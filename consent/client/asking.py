"""A question as it is sent: its members, their types, and the form a performer is named in.

The members are those of `CheckRequest` (consent.core.wire.check) that say what is asked; how it is asked
(`nonce`, `receipt`, `at_least`, `explain`) is the SDK's business.
"""

from collections.abc import Mapping, Sequence
from enum import Enum

from consent.client.errors import ConfigurationError
from consent.core.wire.decode import SELECTORS

Asking = Mapping[str, object]
MAX_TEXT_CHARS = 512  # longer than any reference, tag or digest
MAX_LIST_ITEMS = 100


class Kind(Enum):
    """The type of a member."""

    TEXT = "text"
    FLAG = "true or false"
    COUNT = "a whole number of at least 1"
    LIST = "a list of texts"


MEMBERS: Mapping[str, Kind] = {
    "performer": Kind.TEXT,
    "performers": Kind.LIST,
    "external_id": Kind.TEXT,
    "persona": Kind.TEXT,
    "model": Kind.TEXT,
    "grant": Kind.TEXT,
    "use": Kind.TEXT,
    "modality": Kind.TEXT,
    "purpose": Kind.TEXT,
    "territory": Kind.TEXT,
    "language": Kind.TEXT,
    "base_model": Kind.TEXT,
    "content_tier": Kind.TEXT,
    "adult_terms": Kind.LIST,
    "themes": Kind.LIST,
    "commercial": Kind.FLAG,
    "political": Kind.FLAG,
    "religious": Kind.FLAG,
    "medical": Kind.FLAG,
    "endorsement": Kind.FLAG,
    "end_user_scope": Kind.TEXT,
    "end_user_age_assured": Kind.FLAG,
    "quantity": Kind.COUNT,
    "source_material": Kind.LIST,
    "on_behalf_of": Kind.TEXT,
}
_EXTERNAL = "external_id:"
COUNTED_FAMILIES = ("infer.", "edit.", "publish.")  # uses whose outputs count (DECIDING 11, 28)


def build_asking(members: Mapping[str, object]) -> dict[str, object]:
    """The question with absent members left out and performers named in the wire's form.

    A performer that is not `prf_…` is an external id: `demo` is sent as `external_id:demo`.

    Raises:
        ConfigurationError: an unknown member, a wrong type, no use, or not exactly one selector.
    """
    asking: dict[str, object] = {}
    for name, value in members.items():
        if value is None:
            continue
        if name not in MEMBERS:
            raise ConfigurationError(f"expected one of {', '.join(MEMBERS)}; got {name!r}")
        asking[name] = _checked(name, value)
    chosen = [name for name in SELECTORS if name in asking]
    if len(chosen) != 1:
        raise ConfigurationError(
            f"expected exactly one of {', '.join(SELECTORS)}; got {' and '.join(chosen) or 'none'}"
        )
    if "use" not in asking:
        raise ConfigurationError("expected a use such as train.voice; got none")
    if "external_id" in asking:
        asking["performer"] = f"{_EXTERNAL}{asking.pop('external_id')}"
    return asking


def counts_outputs(asking: Asking) -> bool:
    """Whether the use produces outputs that a grant may count."""
    return str(asking.get("use", "")).startswith(COUNTED_FAMILIES)


def _checked(name: str, value: object) -> object:
    match MEMBERS[name]:
        case Kind.FLAG if isinstance(value, bool):
            return value
        case Kind.COUNT if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
            return value
        case Kind.TEXT if isinstance(value, str):
            return _reference(_text(name, value)) if name == "performer" else _text(name, value)
        case Kind.LIST if isinstance(value, Sequence) and not isinstance(value, str | bytes):
            items = [_text(name, item) for item in value]
            if not 0 < len(items) <= MAX_LIST_ITEMS:
                raise ConfigurationError(f"{name}: expected 1 to {MAX_LIST_ITEMS} texts, got {len(items)}")
            references = map(_reference, items) if name == "performers" else items
            return sorted(set(references))
    raise ConfigurationError(f"{name}: expected {MEMBERS[name].value}, got {type(value).__name__}")


def _text(name: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ConfigurationError(f"{name}: expected text, got {type(value).__name__ if value else 'nothing'}")
    if len(value) > MAX_TEXT_CHARS:
        raise ConfigurationError(f"{name}: expected at most {MAX_TEXT_CHARS} characters, got {len(value)}")
    if not value.isprintable():
        raise ConfigurationError(f"{name}: expected text without control characters, got {value[:60]!a}")
    return value


def _reference(text: str) -> str:
    return text if text.startswith(("prf_", _EXTERNAL)) else f"{_EXTERNAL}{text}"
