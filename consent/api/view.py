"""The base of every view: it obeys the method's `Operation`, so that a handler only translates.

In order: method, media type, caller, scope, query, body, Idempotency-Key, handler. Whatever is raised on
the way ends in a problem.
"""

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.request import Request
from rest_framework.views import APIView

from consent.api.api_keys import ApiKeyAuthentication
from consent.api.body import parse_body, read_body
from consent.api.callers import Caller, PerformerCaller
from consent.api.csv_page import CSV, csv_bytes
from consent.api.idempotency import run_once
from consent.api.limits import count_call
from consent.api.operation import Actor, Handler, Idempotency, Operation
from consent.api.ports import ApiPorts
from consent.api.problems import problem_response
from consent.api.proofs import PerformerAuthentication
from consent.api.query import NoQuery, parse_query, wants_media_type
from consent.api.request_id import request_id_of
from consent.check.caller import OrganizationCaller
from consent.check.limits.fields import Header
from consent.core.wire.encode import encode
from consent.core.wire.problem import ApiError, fault
from consent.registry.errors import RegistryError

_NOTHING_TOLD: tuple[Header, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request, verified and typed. `body` and `query` are of the types that the operation names."""

    caller: Caller | None
    body: Any
    query: Any
    data: bytes
    request: Request
    request_id: str
    media_type: str

    @property
    def organization(self) -> OrganizationCaller:
        """The calling organization; only operations of organizations ask."""
        assert isinstance(self.caller, OrganizationCaller)
        return self.caller

    @property
    def performer(self) -> PerformerCaller:
        """The calling performer; only operations of performers ask."""
        assert isinstance(self.caller, PerformerCaller)
        return self.caller


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer that is not simply 200 and the operation's type."""

    value: Any
    status: int | None = None
    headers: dict[str, str] | None = None


class ApiView(APIView):
    """Gets its wiring as an argument of `as_view`; methods are marked with `@operation`."""

    ports: ApiPorts | None = None
    http_method_names = ["get", "post", "patch", "put", "delete", "head"]  # noqa: RUF012 - Django's attribute
    metadata_class = None
    told: tuple[Header, ...]  # the headers that tell an organization where its key stands

    @property
    def wiring(self) -> ApiPorts:
        """The ports this view was made with."""
        assert self.ports is not None
        return self.ports

    def operation(self, request: Request) -> Operation:
        """What the request's method does here; raises MethodNotAllowed."""
        method = (request.method or "").lower()
        handler = getattr(self, method, None) if method in self.http_method_names else None
        described = getattr(handler, "operation", None)
        if not isinstance(described, Operation):
            raise MethodNotAllowed(request.method or "")
        return described

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Media type, caller and scope; the body is not read before they are right."""
        described = self.operation(request)
        self.media_type = wants_media_type(request._request, described.offers())
        self.caller: Caller | None = None
        self._identify(request, described)
        self.count(described, 1, before=0)

    def _identify(self, request: Request, described: Operation) -> None:
        authenticator = self._authenticator(described)
        if authenticator is not None:
            named = authenticator.authenticate(request)
            assert named is not None  # our authenticators name somebody or raise
            self.caller = named[0]
        if isinstance(self.caller, OrganizationCaller) and described.scope not in {"", *self.caller.scopes}:
            raise ApiError("scope_missing", errors=[fault("", "scope", described.scope, "a key without it")])

    def count(self, described: Operation, cost: int, *, before: int = 1) -> None:
        """Count the call, or a batch's further rows, against the limits of the organization's key.

        Raises:
            ApiError: 429, a limit is reached.
        """
        limits = self.wiring.limits
        if limits is not None and isinstance(self.caller, OrganizationCaller):
            self.told = count_call(limits, self.caller, described, cost, before=before)

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """As in DRF, with the described pipeline in front of the handler."""
        self.request_id = request_id_of(request)
        self.told = _NOTHING_TOLD
        response = super().dispatch(request, *args, **kwargs)
        for name, value in self.told:
            response.headers.setdefault(name, value)
        response.headers.setdefault("X-Request-Id", self.request_id)
        return response

    def perform(self, request: Request, handler: Handler, path: dict[str, Any]) -> HttpResponse:
        """Type the request, call the handler (once, where a key says so), and write its answer."""
        described = handler.operation
        query = parse_query(request._request, described.query or NoQuery)
        data, body = b"", None
        if described.body is not None:
            data = read_body(request._request, described)
            if described.actor is Actor.ORGANIZATION:
                self._identify(
                    request, described
                )  # a body may come slowly, and the key be switched off meanwhile
            body = parse_body(data, described)
        call = Call(
            caller=self.caller,
            body=body,
            query=query,
            data=data,
            request=request,
            request_id=self.request_id,
            media_type=self.media_type,
        )

        def answer() -> HttpResponse:
            return self._write(handler.act(self, call, **path), described)

        if described.idempotency is Idempotency.NONE:
            return answer()
        return run_once(call, described, answer, ports=self.wiring.registry)

    def handle_exception(self, exc: Exception) -> HttpResponse:  # type: ignore[override]  # DRF takes any response
        """Everything ends in a problem."""
        authenticator = self._authenticator_or_none()
        challenge = authenticator.authenticate_header(self.request) if authenticator else ""
        return problem_response(
            exc, origin=self.wiring.registry.origin, request_id=self.request_id, challenge=challenge or ""
        )

    def _authenticator(self, described: Operation) -> BaseAuthentication | None:
        match described.actor:
            case Actor.ORGANIZATION:
                limits = self.wiring.limits
                strangers = None if limits is None else limits.strangers
                return ApiKeyAuthentication(self.wiring.registry.clock, strangers)
            case Actor.PERFORMER:
                return PerformerAuthentication(self.wiring.registry)
            case _:
                return None

    def _authenticator_or_none(self) -> BaseAuthentication | None:
        try:
            return self._authenticator(self.operation(self.request))
        except (MethodNotAllowed, RegistryError):
            return None

    def _write(self, answered: Any, described: Operation) -> HttpResponse:
        reply = answered if isinstance(answered, Reply) else Reply(value=answered)
        status = reply.status or described.status
        if self.media_type == CSV:
            response = HttpResponse(
                csv_bytes(reply.value, described.answer), status=status, content_type=f"{CSV}; charset=utf-8"
            )
        elif isinstance(reply.value, bytes):
            response = HttpResponse(reply.value, status=status, content_type=self.media_type)
        else:
            response = HttpResponse(encode(reply.value), status=status, content_type=self.media_type)
        response.headers.setdefault("Cache-Control", "no-store")
        if len(described.offers()) > 1:
            response.headers["Vary"] = "Accept"
        for name, value in (reply.headers or {}).items():
            response.headers[name] = value
        return response
