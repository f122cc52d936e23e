"""The timed work of a registry: what is done how often. Each is safe to run anywhere, twice, at once."""

from consent.check.ledger.committing import EVERY_S, Committer
from consent.check.ledger.recovering import recover
from consent.check.ledger.shipping import remove_shipped, ship
from consent.check.process_keys import ProcessKeys
from consent.log import outbox
from consent.log.enforcement import sweep
from consent.registry.operations.complete_erasure import complete_due
from consent.registry.operations.count_keys import forget_key_use
from consent.registry.operations.erase_performer import finish_begun
from consent.registry.operations.forget_nonces import forget_nonces
from consent.registry.operations.sweep_grants import activate_due, expire_due, forget_expired
from consent.registry.ports import RegistryPorts
from consent.server.backup.erasing_again import erase_noted
from consent.server.countersigning import countersign
from consent.server.mail.delivery import deliver_due
from consent.server.relay import Timer
from consent.server.wiring import wiring
from consent.web.forgetting import forget_browser
from consent.web.sweep import forget_expired as forget_pages

SIDES = (True, False)


def sweep_enforcement(ports: RegistryPorts) -> int:
    """Finish the enforcement waits of workers that died."""
    return sweep(ports.log)


def activate(ports: RegistryPorts) -> int:
    """Activate grants whose cooling-off is over."""
    return sum(activate_due(ports, livemode=side) for side in SIDES)


def expire(ports: RegistryPorts) -> int:
    """Record terms that have run out."""
    return sum(expire_due(ports, livemode=side) for side in SIDES)


def forget(ports: RegistryPorts) -> int:
    """Remove prepared bodies, spent proofs, kept answers, sessions, links, notices and counts of no use any more."""
    forgotten = forget_expired(ports) + forget_pages() + outbox.forget_finished()
    return forgotten + forget_key_use(ports.clock())


def erase_restored(ports: RegistryPorts) -> int:
    """Erase again whom a restored backup brought back, and let notes of erasures end; tells nothing of its work."""
    erase_noted(ports)
    return 0


def forget_counted(ports: RegistryPorts) -> int:
    """Remove the nonces of questions that were counted more than a day ago."""
    return forget_nonces(ports.clock())


def erase(ports: RegistryPorts) -> int:
    """Go on with erasures whose worker died, and complete those whose last key backup has expired."""
    return finish_begun(ports, elsewhere=[forget_browser]) + complete_due(ports)


def mail(ports: RegistryPorts) -> int:
    """Send the notices that are due, and destroy secrets whose sender died."""
    return deliver_due(wiring().mail) + outbox.destroy_left_over(ports.log.sealer)


def tend_ledger(ports: RegistryPorts) -> int:
    """Seal what a dead process left of the decision ledger, ship what is sealed, remove what was shipped long ago."""
    folder = wiring().ledger_folder
    recover(folder, keys=ProcessKeys(ports.signers), clock=ports.clock)
    shipped = ship(folder, objects=ports.log.objects, clock=ports.clock)
    remove_shipped(folder)
    return shipped


_committer = Committer()


def commit_ledger(ports: RegistryPorts) -> int:
    """Commit in the history to what was shipped."""
    return sum(_committer.commit(ports.log, livemode=side) for side in SIDES)


ENFORCEMENT = Timer(name="enforcement", every_s=1.0, work=sweep_enforcement)
TIMERS: tuple[Timer, ...] = (
    ENFORCEMENT,
    Timer(name="activate", every_s=10.0, work=activate),
    Timer(name="expire", every_s=10.0, work=expire),
    Timer(name="countersign", every_s=5.0, work=countersign),
    Timer(name="erase", every_s=60.0, work=erase),
    Timer(name="forget", every_s=600.0, work=forget),
    Timer(name="erase-restored", every_s=600.0, work=erase_restored),
    Timer(name="forget-counted", every_s=5.0, work=forget_counted),
)
LEDGER = Timer(name="ledger", every_s=1.0, work=tend_ledger)  # always here: the files are on this machine
COMMITMENTS = Timer(name="commitments", every_s=EVERY_S, work=commit_ledger)  # after it, on its thread
MAIL = Timer(name="mail", every_s=1.0, work=mail)  # on a thread of its own: a mail server may be slow
