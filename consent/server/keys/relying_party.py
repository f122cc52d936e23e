"""The relying party over time: recorded with windows, and never another one once keys exist."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from consent.server.keys.errors import KeysError
from consent.server.keys.index import KeyIndex, RelyingPartyEntry, read_index, write_index
from consent.server.keys.make import SKEW

LIFE = timedelta(days=20 * 365)  # far beyond any passkey; a change of origin ends the window earlier


def record_relying_party(
    folder: Path, *, rp_id: str, signing_origin: str, at: datetime, keys_exist: bool
) -> KeyIndex:
    """Note who we are from `at`; ends the window of who we were.

    `keys_exist`: some performer has a key. Then another RP id is refused, because no passkey would work.

    Raises:
        KeysError: the RP id changed though keys exist, or there is no index.
    """
    index = read_index(folder)
    if index is None:
        raise KeysError(f"there are no keys in {folder}: run `consent-server migrate` first")
    now = at.replace(microsecond=0)
    last = index.relying_parties[-1] if index.relying_parties else None
    if last is not None and (last.rp_id, last.signing_origin) == (rp_id, signing_origin):
        return index
    if last is not None and last.rp_id != rp_id and keys_exist:
        raise KeysError(
            f"CONSENT_RP_ID was {last.rp_id} and performers' keys belong to it: set it back. "
            "Another one would make every passkey useless."
        )
    former = index.relying_parties[:-1]
    if last is not None and keys_exist:
        former = (*former, replace(last, not_after=max(now, last.not_before + timedelta(seconds=1))))
    entry = RelyingPartyEntry(
        rp_id=rp_id, signing_origin=signing_origin, not_before=now - SKEW, not_after=now + LIFE
    )
    changed = replace(index, relying_parties=(*former, entry))
    write_index(folder, changed)
    return changed
