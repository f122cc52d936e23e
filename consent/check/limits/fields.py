"""The RateLimit fields of HTTP answers, and the refusal when a limit is reached.

draft-ietf-httpapi-ratelimit-headers: lists of structured fields (RFC 9651), one member a policy.
"""

from collections.abc import Iterable
from math import ceil

from consent.core.wire.problem import ApiError

Header = tuple[str, str]
DAY_S = 86_400


def policy(name: str, *, quota: int, window_s: int) -> str:
    """One member of `RateLimit-Policy`: `quota` in `window_s` seconds."""
    return f'"{name}";q={quota};w={window_s}'


def refusal(code: str, name: str, *, after_s: float, headers: Iterable[Header], detail: str) -> ApiError:
    """The 429 of a policy that is used up; `Retry-After` is never earlier than there is more."""
    told = {**dict(headers), "Retry-After": str(max(1, ceil(after_s)))}
    return ApiError(code, detail, headers=told, violated=(name,))
