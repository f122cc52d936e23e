"""What goes wrong with the ledger. Nothing of it ever ends in an answer."""

from consent.log.errors import LogError


class LedgerError(LogError):
    """A decision could not be kept, so it was not made. 503, retry."""

    code = "ledger"


class SegmentBrokenError(LogError):
    """A segment of the ledger does not hold together; the message says where and why."""

    code = "store_unavailable"
