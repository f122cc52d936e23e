"""Holds, voidings and endings of grants by the operator."""

import argparse

from consent.registry.answers import enforced
from consent.registry.operations.revoke_grant import revoke_by_operator
from consent.registry.operations.suspend_grant import resume_by_holder, suspend_by_holder
from consent.registry.operations.void_grant import void_grant
from consent.registry.ports import RegistryPorts
from signing.instants import format_instant_ms


def run(options: argparse.Namespace, ports: RegistryPorts) -> str:
    """Do it, wait until it is enforced, and say from when."""
    livemode = options.side == "live"
    match options.verb:
        case "hold":
            written = suspend_by_holder(
                ports, livemode=livemode, grant=options.grant, holder=options.holder, reason=options.reason
            )
            done = "paused"
        case "release":
            resume_by_holder(ports, livemode=livemode, grant=options.grant, holder=options.holder)
            return f"{options.grant}: the hold of {options.holder} is lifted"
        case "void":
            written = void_grant(
                ports, livemode=livemode, grant=options.grant, actor=options.actor, reason=options.reason
            ).written
            done = "void"
        case _:
            written = revoke_by_operator(
                ports, livemode=livemode, grant=options.grant, actor=options.actor, reason=options.reason
            ).written
            done = "ended"
    at = enforced(written, ports)
    since = f", enforced since {format_instant_ms(at)}" if at is not None else ""
    return f"{options.grant} is {done}{since}"
