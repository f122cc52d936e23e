"""What was erased after a backup is erased again in the database that came back from it."""

from consent.log.erasures import forget_notes, noted_erasures
from consent.registry.operations.erase_performer import erase_again
from consent.registry.ports import RegistryPorts
from consent.web.forgetting import forget_browser


def erase_noted(ports: RegistryPorts) -> int:
    """Erase everybody again whom a note names; returns how many notes there are. Safe to repeat.

    Nothing happens for those whom this database does not know, or has erased already. Notes that no backup is
    older than any more are removed.

    Raises:
        RolledBackError: the database lacks history; their keys are gone already, their rows go once it may be written.
        LogError: a store failed, or a note cannot be read.
    """
    forget_notes(ports.log.objects, now=ports.clock())
    noted = 0
    for erasure in noted_erasures(ports.log.objects):
        erase_again(erasure.performer, ports=ports, elsewhere=[forget_browser])
        noted += 1
    return noted
