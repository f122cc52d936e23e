"""The notes of erasures as a restore reads them: before there are keys, with the secret that the backup holds."""

from consent.log.erasures import ErasureNotes
from consent.log.objects import ObjectStore
from consent.log.ports import erasure_notes
from consent.server.backup.entries import read_entries
from consent.server.backup.finding import BackupFile
from consent.server.backup.names import KEY_FILE
from consent.server.backup.sealed_file import open_sealed
from consent.server.keys.derivation import FILE as DERIVATION
from consent.server.keys.derivation import open_derivation
from consent.server.settings import Settings


def notes_known_to(keys: BackupFile, *, settings: Settings, objects: ObjectStore) -> ErasureNotes:
    """The notes in `objects` that the registry of this file of keys has made, or will refuse.

    Raises:
        SecretError, DamagedError: the file does not open.
        KeysError: its lasting secret opens under none of the settings' CONSENT_KEY_SECRET.
    """
    sealed: bytes | None = None
    with keys.path.open("rb") as source:
        _, pieces = open_sealed(source, secret=settings.secrets.backup, name=keys.path.name)
        for name, blocks in read_entries(pieces):
            if name == KEY_FILE + DERIVATION:
                sealed = b"".join(blocks)
    where = f"{DERIVATION} in {keys.path.name}"
    return erasure_notes(
        objects, derivation=open_derivation(sealed, opens=settings.secrets.opening, where=where)
    )
