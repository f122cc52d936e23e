"""Operators: invited by a link, listed, removed."""

import argparse
from collections.abc import Iterator

from consent.registry.models import AccountPasskey, Operator
from consent.registry.operations.accounts import create_operator, remove_operator
from consent.registry.operations.links import make_link
from consent.registry.ports import RegistryPorts
from consent.web.sessions import end_sessions
from consent.web.who import operator_subject

UNNAMED = "New operator"


def run(options: argparse.Namespace, ports: RegistryPorts) -> Iterator[str]:
    """One verb; the lines to print."""
    match options.verb:
        case "invite":
            yield from _link(create_operator(ports, display_name=options.name or UNNAMED), ports)
        case "link":
            yield from _link(options.operator, ports)
        case "list":
            standing = Operator.objects.filter(removed_at=None).order_by("created_at", "id")
            for row in standing:
                keys = AccountPasskey.objects.filter(operator=row, blocked_at=None).count()
                yield f"{row.id}  passkeys: {keys}  since {row.created_at:%Y-%m-%d}  {row.display_name}"
        case _:
            remove_operator(ports, operator=options.operator)
            end_sessions(operator_subject(options.operator))
            yield f"{options.operator} is removed; their passkeys and links open nothing any more"


def _link(operator: str, ports: RegistryPorts) -> Iterator[str]:
    token = make_link(ports, kind="operator", operator=operator)
    yield f"{operator}: give them this link. It works once, within an hour, and is not shown again."
    yield f"{ports.origin}/o/{token}"
