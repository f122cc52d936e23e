"""The archive of an evidence bundle: a ZIP of one form only, so that nothing can hide in it (SPEC §17.1).

Files are stored, not compressed, in the order of their names and without dates or attributes. Two people who put the
same files together get the same bytes, and a reader accepts only these: there is nothing to expand, nothing behind the
end, no name twice and no way out of the folder.
"""

import re
import struct
import zlib
from collections.abc import Mapping

from signing.errors import MalformedError

MAX_ZIP_BYTES = 32 << 20
MAX_FILES = 1000
NAME = re.compile(r"(?:[a-z]{1,20}/)?[A-Za-z0-9_-]{1,130}(?:\.[A-Za-z]{1,10}){0,2}", re.ASCII)

_VERSION = 10  # APPNOTE 6.3 §4.4.3: nothing beyond the first version is needed
_DATE = 0x0021  # 1980-01-01, the first day that the format knows
_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")


def write_zip(files: Mapping[str, bytes]) -> bytes:
    """The one archive of these files.

    Raises:
        MalformedError: none, too many or too large, or a name that no bundle has.
    """
    if not 0 < len(files) <= MAX_FILES:
        raise MalformedError(f"{len(files)} files", rule="zip_files", expected=f"1 to {MAX_FILES}")
    local, central = bytearray(), bytearray()
    for name in sorted(files):
        if not NAME.fullmatch(name):
            raise MalformedError(f"no name of a bundle's file: {name!r:.100}", rule="zip_name")
        data, path = files[name], name.encode("ascii")
        sizes = (zlib.crc32(data), len(data), len(data))
        place = len(local)
        if place + len(data) > MAX_ZIP_BYTES:
            raise MalformedError("too large", rule="max_bytes", expected=f"at most {MAX_ZIP_BYTES} bytes")
        local += _LOCAL.pack(b"PK\3\4", _VERSION, 0, 0, 0, _DATE, *sizes, len(path), 0) + path + data
        central += (
            _CENTRAL.pack(
                b"PK\1\2", _VERSION, _VERSION, 0, 0, 0, _DATE, *sizes, len(path), 0, 0, 0, 0, 0, place
            )
            + path
        )
    end = _END.pack(b"PK\5\6", 0, 0, len(files), len(files), len(central), len(local), 0)
    return bytes(local + central + end)


def read_zip(data: bytes) -> dict[str, bytes]:
    """The files of an archive that `write_zip` could have written.

    Raises:
        MalformedError: anything else: compressed, encrypted, repacked, a name twice, bytes between or behind.
    """
    if len(data) > MAX_ZIP_BYTES + (1 << 20):
        raise MalformedError(f"{len(data)} bytes", rule="max_bytes", expected=f"at most {MAX_ZIP_BYTES}")
    files: dict[str, bytes] = {}
    place = 0
    while data[place : place + 4] == b"PK\3\4" and len(files) <= MAX_FILES:
        if len(data) < place + _LOCAL.size:
            raise _not_ours("is cut off")
        head = _LOCAL.unpack_from(data, place)
        size, length = head[8], head[9]
        start = place + _LOCAL.size
        place = start + length + size
        if place > len(data):
            raise _not_ours("is cut off")
        name = data[start : start + length].decode("ascii", "replace")
        if name in files:
            raise _not_ours("has a file twice")
        files[name] = data[start + length : place]
    if not files or write_zip(files) != data:  # what is not exactly so was made by somebody else
        raise _not_ours("is not in the form that the registry writes")
    return files


def _not_ours(what: str) -> MalformedError:
    return MalformedError(
        f"ZIP archive {what}",
        rule="zip",
        expected="the file as it was downloaded, not unpacked and packed anew",
    )
