"""What a route does, said once: the view obeys it and the OpenAPI document is generated from it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from django.http import HttpResponse

from consent.core.wire.fields import Empty

KIB = 1024
BODY_BYTES = 64 * KIB  # of a request without a bound of its own
LIST_PROBLEMS = ("parameter_invalid", "cursor_invalid", "not_acceptable")


class Actor(StrEnum):
    """Who may call: nobody in particular, an organization by API key, a performer by proof, or a newcomer's key."""

    ANYBODY = "anybody"
    ORGANIZATION = "organization"
    PERFORMER = "performer"
    NEWCOMER = "newcomer"
    EITHER = "either"


class Idempotency(StrEnum):
    """Whether the call takes an Idempotency-Key (DESIGN §10)."""

    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one route.

    `answer` is the wire type of a success; `query` the struct of accepted query parameters; `body` the wire
    type of the request (None: no body is read). `problems` are the codes it may answer besides those that
    follow from the rest. `csv`: the list is also offered as text/csv.
    """

    id: str
    summary: str
    tag: str
    actor: Actor
    answer: Any
    scope: str = ""
    status: int = 200
    body: type[Any] | None = None
    body_optional: bool = False
    max_bytes: int = BODY_BYTES
    query: type[Any] | None = None
    idempotency: Idempotency = Idempotency.NONE
    problems: tuple[str, ...] = ()
    csv: bool = False
    description: str = ""
    media_types: tuple[str, ...] = field(default=("application/json",))

    def offers(self) -> tuple[str, ...]:
        """The media types it can answer with, the preferred first."""
        return (*self.media_types, "text/csv") if self.csv else self.media_types


class Handler(Protocol):
    """A method of a view that carries its description."""

    operation: Operation

    def __call__(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer one request."""
        ...


def operation(**described: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Describe a view's method; `ApiView` does everything the description says before it calls the method."""
    description = Operation(**described)
    if description.body is Empty and not description.body_optional:
        raise ValueError(f"{description.id}: a body without members is always optional")

    def mark(method: Callable[..., Any]) -> Callable[..., Any]:
        method.operation = description  # type: ignore[attr-defined]  # the mark that ApiView reads
        return method

    return mark
