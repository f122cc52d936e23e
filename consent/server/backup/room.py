"""What a disk says when it cannot take a backup, in words that tell what to do."""

import errno
import shlex
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from consent.server.backup.errors import BackupError

_FULL = (
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EFBIG,
)  # the disk, somebody's share of it, or the longest file it takes


@contextmanager
def written_to(folder: Path) -> Iterator[None]:
    """Tell of files that cannot be written to `folder` within the block.

    Raises:
        BackupError: the folder, and why; of a full disk also how to make room.
    """
    try:
        yield
    except OSError as exc:
        if exc.errno not in _FULL:
            raise BackupError(f"{folder} cannot be written: {exc.strerror}") from exc
        tidy = f"consent-server backup prune --in {shlex.quote(str(folder))} --keep-days 8"
        raise BackupError(
            f"the disk of {folder} is full ({exc.strerror}{_free(folder)}). Nothing was made, and no earlier backup "
            f"was touched. Make room; `{tidy}` removes files of data that are older than that. "
            "Then back up again."
        ) from exc


def _free(folder: Path) -> str:
    try:
        return f"; {shutil.disk_usage(folder).free >> 20} MiB free"
    except OSError:
        return ""
