"""What was asked about lately, kept beside the ledger, so that a process that starts need not miss it one by one.

Names only, never facts: what they mean is read anew. Names that an organization chose itself are left out, because
they may tell who somebody is. A file that cannot be read is no file: the process starts cold.
"""

import logging
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from consent.check.cells import SubjectName

MAX_NAMES: Final = 20_000  # of both sides: some 3 MB, and read in seconds
_MAX_BYTES: Final = 8 << 20
_OPAQUE: Final = re.compile(r"(prf|grt)_[a-z0-9_]{1,60}")
_ORGANIZATION: Final = re.compile(r"org_[a-z0-9_]{1,60}")
_SELECTORS: Final = {"prf": "performer", "grt": "grant"}
_logger = logging.getLogger(__name__)


class HotNames:
    """One file, which all processes over a data folder write: the last one to write is believed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._failing = False

    def __repr__(self) -> str:
        return f"HotNames({self._path.name})"

    def save(self, names: Sequence[SubjectName]) -> None:
        """Put these in the file's place, as far as they are opaque; whatever hinders it is told once, and borne."""
        rows = [name for name in names if _is_opaque(name)][:MAX_NAMES]
        temporary = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        try:
            # Not forced to the disk, which could take longer than memory stays fresh: a torn file is no file.
            temporary.touch(mode=0o600)
            temporary.write_bytes(msgspec.json.encode(rows))
            temporary.replace(self._path)
        except OSError as exc:
            if not self._failing:
                _logger.warning("the names asked about lately cannot be kept: %s", exc.strerror)
            self._failing = True
        else:
            self._failing = False

    def load(self) -> list[SubjectName]:
        """What was saved; nothing, and it is told, if that cannot be read."""
        try:
            with self._path.open("rb") as file:
                rows = msgspec.json.decode(file.read(_MAX_BYTES), type=list[SubjectName])
        except FileNotFoundError:
            return []
        except (OSError, msgspec.DecodeError) as exc:
            _logger.warning("the names asked about lately cannot be read: %s", type(exc).__name__)
            return []
        return [name for name in rows[:MAX_NAMES] if _is_opaque(name)]


def _is_opaque(name: SubjectName) -> bool:
    return (
        _OPAQUE.fullmatch(name.value) is not None
        and _SELECTORS[name.value[:3]] == name.selector
        and _ORGANIZATION.fullmatch(name.caller) is not None
        and _ORGANIZATION.fullmatch(name.licensee) is not None
    )
