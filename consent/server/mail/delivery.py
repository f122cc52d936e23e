"""Delivering: claim a row, compose, hand in, say so. Whoever dies in between leaves a row that is due again."""

import logging
import secrets
import time
from datetime import timedelta

from django.core.exceptions import ObjectDoesNotExist
from django.db import DatabaseError

from consent.log import outbox
from consent.log.enforcement import await_seen
from consent.log.errors import LogError, RecordDestroyedError
from consent.log.models import Enforcement, Outbox
from consent.server.mail.compose import compose
from consent.server.mail.letter import NotNeededError
from consent.server.mail.mailbox import AddressUnusableError, MailboxAwayError, MailRefusedError
from consent.server.mail.ports import MailPorts

AT_ONCE = 50  # a turn's share of what is done in place
MARGIN_S = 15.0  # of a claim: nothing is handed in any more, and what was is recorded
FIRST_PAUSE = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(hours=6)
_logger = logging.getLogger(__name__)
# What no later attempt could mend.
_NEVER = (AddressUnusableError, NotNeededError, ObjectDoesNotExist, RecordDestroyedError)


def deliver(ports: MailPorts, outbox_id: str) -> bool:
    """Send one notice if it is due and nobody else is at it; whether it left. Safe to call anywhere, twice.

    Raises:
        MailboxAwayError: the mailbox cannot be reached; the row is put off already.
    """
    until = time.monotonic() + outbox.CLAIM.total_seconds() - MARGIN_S
    row = outbox.claim(outbox_id)
    if row is None:
        return False
    try:
        if row.expires_at is not None and outbox.claimed_at(row) >= row.expires_at:
            raise NotNeededError("Expired")
        _wait_enforced(row, ports)
        message = compose(row, ports)
        ports.mailbox.deliver(message, until=until)
    except _NEVER as exc:
        _give_up(row, ports, exc)
        return False
    except MailboxAwayError as exc:
        _put_off(row, ports, exc.cause)
        raise
    except MailRefusedError as exc:
        _put_off(row, ports, exc.cause)
        return False
    except LogError as exc:
        _put_off(row, ports, type(exc).__name__)
        return False
    except DatabaseError:
        raise  # nothing can be said of the row now; its claim runs out
    except Exception as exc:  # a notice that cannot be composed stops no other
        _logger.exception("notice %s (%s) cannot be composed", row.id, row.kind)
        _put_off(row, ports, type(exc).__name__)
        return False
    # Crash before this COMMIT: the mail has left, the row is due again, and goes out under the same Message-ID.
    outbox.mark_sent(row)
    ports.metrics.mail(outcome="sent")
    _destroy_secret(row, ports)
    return True


def deliver_due(ports: MailPorts, *, overdue: timedelta = timedelta(0)) -> int:
    """Send what is due, here; how many left. It stops at a mailbox that is away."""
    sent = 0
    for outbox_id in outbox.due(limit=AT_ONCE, overdue=overdue):
        try:
            sent += deliver(ports, outbox_id)
        except MailboxAwayError:
            break
    return sent


def pause_after(attempts: int, *, random: int) -> timedelta:
    """How long to wait after so many attempts: doubling up to the longest; `random` (0–99) spreads by half."""
    doublings = min(attempts - 1, 20)
    pause = min(FIRST_PAUSE * (1 << doublings), LONGEST_PAUSE)
    return pause * (100 + random) / 200


def _wait_enforced(row: Outbox, ports: MailPorts) -> None:
    """Nobody is told of a denial before every node must know it (DESIGN §8)."""
    if row.event_id is not None and Enforcement.objects.filter(event_id=row.event_id).exists():
        await_seen(row.event_id, ports=ports.registry.log)


def _put_off(row: Outbox, ports: MailPorts, cause: str) -> None:
    ports.metrics.mail(outcome="failed")
    if outbox.claimed_at(row) - row.created_at >= outbox.LIFE:
        if outbox.give_up(row, error=cause):
            ports.metrics.mail(outcome="given_up")
            _logger.error("notice %s (%s) is given up: %s", row.id, row.kind, cause)
            _destroy_secret(row, ports)
        return
    outbox.put_off(row, error=cause, delay=pause_after(row.attempts, random=secrets.randbelow(100)))
    _logger.warning("notice %s (%s) did not leave at attempt %d: %s", row.id, row.kind, row.attempts, cause)


def _give_up(row: Outbox, ports: MailPorts, exc: Exception) -> None:
    match exc:
        case NotNeededError():
            outcome, cause = "not_needed", exc.cause
        case AddressUnusableError():
            outcome, cause = "unreachable", type(exc).__name__
        case _:
            outcome, cause = "given_up", type(exc).__name__
    if outbox.give_up(row, error=cause):
        ports.metrics.mail(outcome=outcome)
        _logger.info("notice %s (%s) is not sent: %s", row.id, row.kind, cause)
        _destroy_secret(row, ports)


def _destroy_secret(row: Outbox, ports: MailPorts) -> None:
    try:
        outbox.destroy_secret(row, ports.registry.log.sealer)
    except (LogError, DatabaseError):
        _logger.warning("the secret of notice %s is destroyed at the next turn", row.id, exc_info=True)
