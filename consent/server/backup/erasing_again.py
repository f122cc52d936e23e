"""What was erased after a backup is erased again in the database that came back from it."""

import logging

from consent.log.errors import ErasureNoteError
from consent.log.families import ERASURE_NOTES_REFUSED
from consent.registry.operations.erase_performer import erase_again
from consent.registry.ports import RegistryPorts
from consent.web.forgetting import forget_browser

_logger = logging.getLogger(__name__)


def erase_noted(ports: RegistryPorts) -> int:
    """Erase everybody again whom a note names; returns how many notes there are. Safe to repeat.

    Nothing happens for those whom this database does not know, or has erased already. Notes that no backup is
    older than any more are removed. One that is refused keeps no other from being followed.

    Raises:
        RolledBackError: the database lacks history; their keys are gone already, their rows go once it may be written.
        ErasureNoteError: a note cannot be read, or is not this registry's; the others were followed.
        LogError: a store failed.
    """
    ports.log.erasures.forget(now=ports.clock())
    noted, refused = 0, list[ErasureNoteError]()
    for each in ports.log.erasures.each():
        if isinstance(each, ErasureNoteError):
            ports.log.figures.add(ERASURE_NOTES_REFUSED)
            _logger.error("note of an erasure refused: %s", each)
            refused.append(each)
            continue
        erase_again(each.performer, ports=ports, elsewhere=[forget_browser])
        noted += 1
    if refused:
        raise refused[0]
    return noted
