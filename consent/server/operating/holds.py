"""Legal holds by the operator: place, lift, list."""

import argparse
from collections.abc import Iterator

from consent.registry.operations.legal_holds import holds_on, lift_legal_hold, place_legal_hold
from consent.registry.ports import RegistryPorts
from consent.registry.queries.whom import performer_named


def run(options: argparse.Namespace, ports: RegistryPorts) -> Iterator[str]:
    """Do it, and say what was done."""
    match options.verb:
        case "place":
            performer, livemode = performer_named(options.who)
            hold = place_legal_hold(
                ports,
                livemode=livemode,
                performer=performer,
                ground=options.ground,
                until=options.until,
                placed_by=options.actor,
            )
            yield f"{hold}: nothing of this performer is erased before {options.until:%Y-%m-%d}"
        case "lift":
            lift_legal_hold(ports, hold=options.hold, lifted_by=options.actor)
            yield f"{options.hold} is lifted"
        case _:
            found = holds_on(ports, standing=not options.all)
            for each in found:
                side = "live" if each.livemode else "test"
                lifted = f", lifted by {each.lifted_by}" if each.lifted_at else ""
                yield f"{each.id}  {side} side, until {each.until:%Y-%m-%d}, by {each.placed_by}{lifted}: {each.ground}"
            if not found:
                yield "No hold stands."
