"""`Authorization: Bearer crk_…`: an organization's key, looked up by the digest of its secret."""

import re
from collections.abc import Callable
from datetime import datetime

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from consent.check.caller import OrganizationCaller
from consent.check.limits.strangers import Strangers
from consent.check.loading import caller_of_row
from consent.core.wire.problem import ApiError
from consent.registry.models import ApiKey
from consent.registry.operations.api_keys import secret_digest

CHALLENGE = 'Bearer realm="consent"'
_SECRET = re.compile(r"crk_(live|test)_[A-Za-z0-9_-]{43}")


class ApiKeyAuthentication(BaseAuthentication):
    """Unknown, expired and revoked keys are answered alike. `clock` is the primary's.

    `strangers` limits how many unknown keys one address may try, before the database is asked.
    """

    def __init__(self, clock: Callable[[], datetime], strangers: Strangers | None = None) -> None:
        self._clock = clock
        self._strangers = strangers

    def authenticate(self, request: Request) -> tuple[OrganizationCaller, None]:
        """The caller. Raises ApiError when nobody, or nobody valid, is named."""
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise ApiError("unauthenticated")
        if not _SECRET.fullmatch(secret):
            raise ApiError("key_invalid")
        if self._strangers is None:
            return caller_of(secret, clock=self._clock), None
        digest = secret_digest(secret)
        self._strangers.knock(digest, request.META)
        try:
            caller = caller_of(secret, clock=self._clock)
        except ApiError:
            self._strangers.forget(digest)
            raise
        self._strangers.welcome(digest, request.META)
        return caller, None

    def authenticate_header(self, request: Request) -> str:
        """The challenge of a 401."""
        return CHALLENGE


def caller_of(secret: str, *, clock: Callable[[], datetime]) -> OrganizationCaller:
    """The organization whose key this is.

    Raises:
        ApiError: no such key, or it is revoked or expired.
    """
    row = ApiKey.objects.filter(digest=secret_digest(secret)).first()
    side = secret.startswith("crk_live_")
    if (
        row is None
        or row.revoked_at is not None
        or (row.expires_at is not None and row.expires_at <= clock())
        or row.livemode != side
    ):
        raise ApiError("key_invalid")
    return caller_of_row(row)
