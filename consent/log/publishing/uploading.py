"""Putting tiles and bundles into the store: what others rest on first, and never other bytes than are there."""

import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby

from consent.log.errors import ImmutableError, PublicationHaltedError
from consent.log.families import LOG_UPLOADS, side_label
from consent.log.objects import ObjectStore
from consent.log.publishing.edge import NewTile
from consent.log.publishing.ports import PublishingPorts

LOOKS = 4  # at a conflict before it halts: some stores show an object while somebody else is writing it
PAUSE_S = 0.5
THREADS = 8  # most of an upload is waiting for the disk or the store


class Uploader:
    """Uploads for one log; keep it as long as its publisher."""

    def __init__(self, ports: PublishingPorts, *, folder: str, livemode: bool) -> None:
        self._ports = ports
        self._folder = folder
        self._livemode = livemode
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="log-upload")

    def upload(self, tiles: Iterable[NewTile]) -> None:
        """Persist all of them: bundles, then hash tiles level by level. Writing the same again does nothing.

        Raises:
            PublicationHaltedError: other bytes stand in the place of one.
            StoreUnavailableError: the store failed; the same again is safe.
        """
        for _, level in groupby(sorted(tiles, key=_level), key=_level):
            # All of a level are waited for, whichever fails: nothing goes on behind the caller's back.
            futures = [self._pool.submit(self._put, self._ports.objects, each) for each in level]
            faults = [fault for each in futures if (fault := each.exception()) is not None]
            halts = [fault for fault in faults if isinstance(fault, PublicationHaltedError)]
            if faults:
                raise (halts or faults)[0]
            self._ports.figures.add(LOG_UPLOADS, (side_label(self._livemode),), len(futures))

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()

    def _put(self, objects: ObjectStore, new: NewTile) -> None:
        key = self._folder + new.tile.path
        for left in reversed(range(LOOKS)):
            try:
                objects.put(key, new.data, immutable=True)
            except ImmutableError as exc:
                if not left:
                    raise PublicationHaltedError(
                        f"object {key} holds other bytes than the database's entries give: it was damaged, or the "
                        "database is not the one it was made from. See /docs/publishing#halted"
                    ) from exc
                time.sleep(PAUSE_S)
            else:
                return


def _level(new: NewTile) -> int:
    return new.tile.level
