"""What a question in AuthZEN's words means here, so that the registry's own check can answer it.

`subject` is who would use the consent, `action` the use, `resource` the performer, consent, persona or model, and
`context` says the rest, in the names of `/v1/check`. Whatever is not clear is refused: nobody may be told yes to
another question than the one that was meant.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from msgspec import UnsetType

from consent.core.ids import is_id
from consent.core.wire.authzen import Entity, EvaluationRequest
from consent.core.wire.check import CheckFields
from consent.core.wire.decode import SELECTORS
from consent.core.wire.errors import WireError

ORGANIZATION: Final = "organization"
RESOURCES: Final = tuple(name for name in SELECTORS if name != "performers")
# What gateways send of the request that they guard; it is no part of the question and is not read.
ENVIRONMENT: Final = frozenset(
    {
        "time", "schema", "ip", "ip_address", "user_agent", "device_id", "request_id", "session_id", "trace_id",
        "environment",
    }
)  # fmt: skip
_ELSEWHERE: Final = frozenset({*SELECTORS, "use", "on_behalf_of"})  # said by subject, action and resource
MEMBERS: Final = tuple(name for name in CheckFields.__struct_fields__ if name not in _ELSEWHERE)
_SHOWN_CHARS: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Translated:
    """A question as `/v1/check` takes it, and where each of its members stood in the request."""

    members: Mapping[str, Any]
    places: Mapping[str, str]

    def pointer(self, told: str) -> str:
        """A pointer into the question as one into the request that was sent."""
        name, slash, rest = told.removeprefix("/").partition("/")
        return self.places.get(name, "") + slash + rest if name in self.places else told


def translate(request: EvaluationRequest, *, caller: str) -> Translated:
    """The question of one evaluation; `caller` is the asking organization.

    Raises:
        WireError: something in it has no meaning here, or may have two.
    """
    members: dict[str, Any] = {"use": request.action.name}
    places = {"use": "/action/name"}
    licensee = _licensee(request.subject)
    if licensee not in (None, caller):
        members["on_behalf_of"] = licensee
        places["on_behalf_of"] = "/subject/id"
    members[_selector(request.resource)] = request.resource.id
    places[request.resource.type] = "/resource/id"
    for name, value in _open(request.context).items():
        _take(members, places, name, value, "/context")
    for name, value in _open(request.action.properties).items():
        _take(members, places, name, value, "/action/properties")
    return Translated(members=members, places=places)


def _licensee(subject: Entity) -> str | None:
    """The organization that would use the consent; None for anybody who acts for the key's own."""
    _refuse_misplaced(subject, "/subject")
    if subject.type == ORGANIZATION:
        if not is_id(subject.id, "org"):
            raise WireError(
                "/subject/id", "reference", "org_… as it was given", _shown(subject.id), "reference_invalid"
            )
        return subject.id
    # Another kind of subject is somebody at the key's own organization, and no part of the question. What looks as
    # if it meant an organization must not be taken for one of them: that would answer for the wrong licensee.
    if subject.type.strip().casefold() == ORGANIZATION or subject.id.strip().casefold().startswith("org_"):
        raise WireError(
            "/subject/type", "subject_type", f'"{ORGANIZATION}" for an organization', _shown(subject.type),
            "value_invalid",
        )  # fmt: skip
    return None


def _selector(resource: Entity) -> str:
    _refuse_misplaced(resource, "/resource")
    if resource.type not in RESOURCES:
        raise WireError(
            "/resource/type", "resource_type", "one of " + ", ".join(RESOURCES), _shown(resource.type),
            "value_invalid",
        )  # fmt: skip
    return resource.type


def _take(members: dict[str, Any], places: dict[str, str], name: str, value: object, where: str) -> None:
    pointer = f"{where}/{_escaped(name)}"
    if name in members:
        first = places.get(name, "")
        raise WireError(pointer, "said_once", f"it only at {first}", "it twice", "value_invalid")
    if name in MEMBERS:
        members[name] = value
        places[name] = pointer
    elif name in _ELSEWHERE:
        raise WireError(
            pointer, "member_elsewhere", "it as subject, action or resource", _shown(name), "member_unknown"
        )
    elif where != "/context" or name not in ENVIRONMENT:
        expected = "a member of /v1/check" + (", or of the environment" if where == "/context" else "")
        raise WireError(pointer, "member_known", expected, _shown(name), "member_unknown")


def _refuse_misplaced(entity: Entity, where: str) -> None:
    """Properties of subjects and resources are not read; what would be part of the question must not stand there."""
    properties = _open(entity.properties)
    for name in (*MEMBERS, *_ELSEWHERE) if properties else ():
        if name in properties:
            pointer = f"{where}/properties/{_escaped(name)}"
            raise WireError(pointer, "member_elsewhere", "it in context", _shown(name), "member_unknown")


def _open(values: Mapping[str, Any] | UnsetType) -> Mapping[str, Any]:
    return {} if isinstance(values, UnsetType) else values


def _escaped(name: str) -> str:
    return name[:_SHOWN_CHARS].replace("~", "~0").replace("/", "~1")


def _shown(value: str) -> str:
    return repr(value)[:_SHOWN_CHARS]
