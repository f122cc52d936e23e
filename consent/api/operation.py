"""What a route does, said once: the view obeys it and the OpenAPI document is generated from it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import wraps
from typing import Any, Protocol, cast

from django.http import HttpResponse

from consent.core.wire.fields import Empty

KIB = 1024
BODY_BYTES = 64 * KIB  # of a request without a bound of its own


class Actor(StrEnum):
    """Who may call: nobody in particular, an organization by API key, a performer by proof, or a newcomer's key."""

    ANYBODY = "anybody"
    ORGANIZATION = "organization"
    PERFORMER = "performer"
    NEWCOMER = "newcomer"


class Idempotency(StrEnum):
    """Whether the call takes an Idempotency-Key (DESIGN §10)."""

    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one route.

    `answer` is the wire type of a success, answered with `status`, or with 202 where `may_wait` and the caller
    asked not to wait until it is enforced; `query` the struct of accepted query parameters; `body` the wire
    type of the request (None: no body is read), read by `decode` where that is more than typing. `problems`
    are the codes it may answer besides those that follow from the rest. `csv`: the list is also offered as
    text/csv. `counts`: it is a question that counts against the limits of the key, as that route of the lane does.
    `stops`: it ends something, so nothing ever limits how often it is called.
    """

    id: str
    summary: str
    tag: str
    actor: Actor
    answer: Any
    scope: str = ""
    status: int = 200
    may_wait: bool = False
    body: type[Any] | None = None
    body_optional: bool = False
    decode: Callable[[bytes], Any] | None = None
    max_bytes: int = BODY_BYTES
    query: type[Any] | None = None
    idempotency: Idempotency = Idempotency.NONE
    problems: tuple[str, ...] = ()
    csv: bool = False
    description: str = ""
    counts: str = ""
    stops: bool = False
    media_types: tuple[str, ...] = field(default=("application/json",))

    def offers(self) -> tuple[str, ...]:
        """The media types it can answer with, the preferred first."""
        return (*self.media_types, "text/csv") if self.csv else self.media_types


class Performs(Protocol):
    """A view that can run a described method."""

    def perform(self, request: Any, handler: "Handler", path: dict[str, Any]) -> HttpResponse:
        """Type the request, call `handler.act`, and write its answer."""
        ...


class Handler(Protocol):
    """A method of a view as Django calls it: `act` is what the view's author wrote."""

    operation: Operation
    act: Callable[..., Any]

    def __call__(self, view: Performs, request: Any, **path: Any) -> HttpResponse:
        """Answer one request."""
        ...


def operation(**described: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Describe a view's method; the view does everything the description says before it calls the method.

    The method is written as `def post(self, call: Call, **path) -> value`, the value being of `answer`'s type.
    """
    description = Operation(**described)
    if description.body is Empty and not description.body_optional:
        raise ValueError(f"{description.id}: a body without members is always optional")

    def mark(method: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(method)
        def handler(view: Performs, request: Any, **path: Any) -> HttpResponse:
            return view.perform(request, marked, path)

        marked = cast(Handler, handler)
        marked.operation = description
        marked.act = method
        return handler

    return mark
