"""Exceptions of the registry to refusals, for everything that answers questions."""

from django.db import InterfaceError, OperationalError

from consent.core.wire.errors import WireError
from consent.core.wire.problem import ApiError, fault
from consent.core.wire.problem_kinds import KINDS
from consent.log.errors import LogError
from consent.registry.errors import OfferInvalid, RegistryError

MAX_ERRORS = 100  # of one problem


def to_api_error(exc: Exception) -> ApiError:
    """Name the kind of any exception. What nobody foresaw is `internal`, and says nothing."""
    match exc:
        case ApiError():
            error = exc
        case WireError():
            code = exc.code if exc.code in KINDS else "value_invalid"
            error = ApiError(code, errors=[fault(exc.pointer, exc.rule, exc.expected, exc.got)])
        case OfferInvalid():
            error = ApiError(exc.code, str(exc), errors=[fault(*each) for each in exc.faults[:MAX_ERRORS]])
        case RegistryError():
            error = _from_registry(exc)
        case LogError():
            error = ApiError(exc.code if exc.code in KINDS else "internal")
        case OperationalError() | InterfaceError():
            error = ApiError("stale")
        case _:
            error = ApiError("internal")
    return error


def _from_registry(exc: RegistryError) -> ApiError:
    # `method_not_allowed` of a signature is not the 405 of HTTP
    code = "signing_method_insufficient" if exc.code == "method_not_allowed" else exc.code
    if code not in KINDS:
        return ApiError("internal")
    errors = [fault(exc.pointer, exc.rule or code, exc.expected, exc.got)] if exc.pointer or exc.rule else []
    return ApiError(code, str(exc), errors=errors)
