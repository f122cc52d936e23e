"""Under which names the object store holds the ledger, for ever."""

from consent.log.families import side_label


def segment_key(*, livemode: bool, boot: str, segment: int) -> str:
    """The name of a segment."""
    return f"ledger/{side_label(livemode)}/{boot}/{segment:08d}"


def list_key(list_sha256: str, *, livemode: bool) -> str:
    """The name of a list of segments, which is its digest: two relays never write other bytes under one."""
    return f"ledger-commitments/{side_label(livemode)}/{list_sha256}"
