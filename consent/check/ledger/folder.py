"""Where segments stand on this machine: `<folder>/<live|test>/<boot>-<segment>.<open|sealed|shipped>`.

`open` is being written by the process that holds its lock; when nobody does, its writer died. `sealed` is finished
and on disk, `shipped` in the object store too.
"""

import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from consent.registry.ledger_objects import segment_key

State = Literal["open", "sealed", "shipped"]
_NAME = re.compile(r"([0-9a-f]{12})-([0-9]{8})\.(open|sealed|shipped)", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentName:
    """One segment of a boot, of one side."""

    livemode: bool
    boot: str
    segment: int

    @property
    def object_key(self) -> str:
        """Its name in the object store, for ever."""
        return segment_key(livemode=self.livemode, boot=self.boot, segment=self.segment)

    def path(self, folder: Path, state: State) -> Path:
        """Its file in that state."""
        return folder / side_name(self.livemode) / f"{self.boot}-{self.segment:08d}.{state}"


def side_name(livemode: bool) -> str:
    """The folder of a side."""
    return "live" if livemode else "test"


def segments(folder: Path, state: State) -> Iterator[SegmentName]:
    """Every segment in that state, in the order of their names."""
    for livemode in (True, False):
        place = folder / side_name(livemode)
        for name in sorted(each.name for each in place.iterdir()) if place.is_dir() else ():
            found = _NAME.fullmatch(name)
            if found and found[3] == state:
                yield SegmentName(livemode=livemode, boot=found[1], segment=int(found[2]))


def try_lock(descriptor: int) -> bool:
    """Lock an open file until it is closed everywhere; False if another process holds it."""
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415  # exists on Windows only

        try:
            os.lseek(descriptor, 1 << 40, os.SEEK_SET)  # a byte that nobody writes: locks bind there
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl  # noqa: PLC0415  # exists on POSIX only

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
