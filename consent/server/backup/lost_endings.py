"""Which endings were lost with the history: what the last status lists said, and the restored database denies.

A status list is signed, stands in the object store, and is seconds behind (`status_lists.issuing`). So the last one
from before a loss tells which of the consents that came back had ended meanwhile. It cannot tell of an ending in the
last seconds before the loss, nor of consents made after the backup. Ask before the publisher replaces the lists.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from consent.log.errors import ObjectMissingError
from consent.log.families import side_label
from consent.registry.models import Grant, StatusList
from consent.registry.ports import RegistryPorts
from consent.registry.status_lists.issuing import object_key
from consent.registry.status_slots import status_uri
from signing import jws
from signing.canonical import parse
from signing.errors import SigningError
from signing.status_list import SUSPENDED, VALID, StatusListToken, read_status_list, verify_status_list
from signing.trust import Trust

SIDES = (True, False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LostEnding:
    """A consent that counts here and did not any more at `as_of`, when a list said so; `paused` may be lifted again."""

    livemode: bool
    grant: str
    paused: bool
    as_of: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LostEndings:
    """`found` by side and name; `unknown` names the lists that tell nothing, and why."""

    found: tuple[LostEnding, ...]
    unknown: tuple[str, ...]


def lost_endings(ports: RegistryPorts, *, trust: Trust) -> LostEndings:
    """Compare every list in the object store with the grants of this database.

    Raises:
        StoreError: the object store failed.
    """
    found, unknown = list[LostEnding](), list[str]()
    for row in StatusList.objects.order_by("-livemode", "number"):
        key = object_key(livemode=row.livemode, number=row.number)
        try:
            read = _read(ports, trust, livemode=row.livemode, number=row.number)
        except ObjectMissingError:
            unknown.append(f"{key}: it is not in the object store")
        except SigningError as exc:
            unknown.append(f"{key}: not a list of this registry ({exc})")
        else:
            found += _compared(read, livemode=row.livemode, number=row.number)
    return LostEndings(found=tuple(found), unknown=tuple(unknown))


def _read(ports: RegistryPorts, trust: Trust, *, livemode: bool, number: int) -> StatusListToken:
    """The list as it was last published, good at its own instant: it may well have run out since."""
    token = ports.log.objects.get(object_key(livemode=livemode, number=number)).decode("ascii", "replace")
    payload = parse(jws.parse_compact(token).payload_bytes, max_bytes=jws.MAX_TOKEN_BYTES)
    claimed_at = read_status_list(payload if isinstance(payload, dict) else {}).issued_at
    key = trust.key(jws.read_kid(token), "status", livemode, claimed_at)
    uri = status_uri(ports.origin, livemode=livemode, status_list=number)
    return verify_status_list(token, expected_uri=uri, key=key, at=claimed_at)


def _compared(read: StatusListToken, *, livemode: bool, number: int) -> Iterator[LostEnding]:
    at = read.issued_at
    counts = Grant.objects.filter(
        livemode=livemode,
        status_list=number,
        state="active",
        state_at__lte=at,  # the list is from before it otherwise, and tells nothing of it
        valid_from__lte=at,
        valid_until__gt=at,
    )
    for grant, index in counts.order_by("id").values_list("id", "status_index"):
        if (says := read.statuses.status(index)) != VALID:
            yield LostEnding(livemode=livemode, grant=grant, paused=says == SUSPENDED, as_of=at)


def command(lost: LostEnding) -> str:
    """The command that makes it again, for whoever has made sure that it is right."""
    verb = "hold" if lost.paused else "end"
    return f"consent-server operator {verb} {lost.grant} --side {side_label(lost.livemode)} --reason '...'"
