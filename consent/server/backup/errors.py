"""Why a backup cannot be made, read or restored."""

from consent.server.embedded.errors import StartError


class BackupError(StartError):
    """Base: the message says what was expected, what came, and what to do."""


class SecretError(BackupError):
    """The backup's secret is missing, or is another one than the file was made with."""


class DamagedError(BackupError):
    """A backup file was altered, cut off, or is none; the message names the position."""


class NotEmptyError(BackupError):
    """There is something already where a backup is to be restored."""


class TooOldError(BackupError):
    """A file of keys whose seven days are over."""


class OlderError(BackupError):
    """Only an older backup than the newest can be used, and nobody has said that it may be."""
