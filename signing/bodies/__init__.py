"""The bodies that statements have, one file a kind: structure only (SPEC §4)."""

import re
from collections.abc import Callable, Iterator

from signing.bodies.cancellation import check_cancellation
from signing.bodies.confirmation import check_confirmation
from signing.bodies.credential import check_credential
from signing.bodies.fields import fail
from signing.bodies.grant import check_grant
from signing.bodies.limits import check_limits
from signing.bodies.rescission import check_rescission
from signing.bodies.resumption import check_resumption
from signing.bodies.revocation import check_revocation
from signing.bodies.suspension import check_suspension
from signing.canonical import JSON, check_statement_strings, pointer_to
from signing.purposes import statement_schema

_CHECKS: dict[str, Callable[[dict[str, JSON]], None]] = {
    "grant": check_grant,
    "confirmation": check_confirmation,
    "rescission": check_rescission,
    "limits": check_limits,
    "revocation": check_revocation,
    "cancellation": check_cancellation,
    "suspension": check_suspension,
    "resumption": check_resumption,
    "credential": check_credential,
}
_KINDS = {statement_schema(kind): kind for kind in _CHECKS}
_TEST_ID = re.compile(r"[a-z]{3}_test_[a-z0-9_]+", re.ASCII)


def check_body(body: JSON) -> str:
    """The kind of a statement body that has the structure of its schema.

    Raises:
        MalformedError: an unknown schema, or a member at fault, with its pointer.
    """
    if not isinstance(body, dict):
        fail("body is not an object", "", "type", "an object")
    schema = body.get("schema")
    kind = _KINDS.get(schema) if isinstance(schema, str) else None
    if kind is None:
        fail("no schema that we know", "/schema", "schema", "consent-registry/<kind>/v1")
    check_statement_strings(body)
    _CHECKS[kind](body)
    if body["livemode"] is True:
        for path, identifier in _strings(body, ()):
            if _TEST_ID.fullmatch(identifier):
                fail("an id of the test side in a live statement", pointer_to(path), "livemode")
    return kind


def _strings(value: JSON, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, list | dict):
        for step, child in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _strings(child, (*path, step))
