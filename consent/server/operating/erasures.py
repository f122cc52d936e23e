"""Erasures by the operator: begin one, and list those that wait."""

import argparse
from collections.abc import Iterator

from consent.registry.operations.erase_performer import erase_performer
from consent.registry.ports import RegistryPorts
from consent.registry.queries.erasures import waiting_erasures
from consent.registry.queries.whom import performer_named
from consent.web.forgetting import forget_browser
from signing.instants import format_instant_ms


def run(options: argparse.Namespace, ports: RegistryPorts) -> Iterator[str]:
    """Do it, wait until it is enforced, and say from when it is complete."""
    if options.verb == "begin":
        performer, livemode = performer_named(options.who)
        done = erase_performer(
            ports,
            livemode=livemode,
            performer=performer,
            ground=options.ground,
            decided_by=options.actor,
            elsewhere=[forget_browser],
        )
        since = (
            f"; every check denies since {format_instant_ms(done.enforced_at)}" if done.enforced_at else ""
        )
        yield f"{done.erasure}: erased{since}. Complete from {done.complete_from:%Y-%m-%d %H:%M} UTC"
        return
    waiting = waiting_erasures()
    for each in waiting:
        until = (
            f"erased, complete from {each.complete_from:%Y-%m-%d %H:%M} UTC"
            if each.complete_from
            else "begun; the relay goes on with it"
        )
        yield f"{each.id}  {each.ground}, {each.begun_at:%Y-%m-%d %H:%M} UTC: {until}"
    if not waiting:
        yield "No erasure waits."
