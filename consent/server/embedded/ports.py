"""Is a TCP port free, and if not, who has it."""

import errno
import os
import socket
import sys
from pathlib import Path

from consent.server.embedded.errors import StartError


def require_free(port: int, *, host: str, setting: str, before: str = "") -> None:
    """Pass if `host:port` can be bound now. `before` is what stands before the port in the setting's value.

    Raises:
        StartError: it is taken or not allowed; names the holder where that can be seen, and the setting.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        if os.name == "posix":  # as servers do: connections of a former run may still be closing
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as exc:
            if exc.errno == errno.EADDRINUSE:
                raise StartError(
                    f"Port {port} is taken by {holder_of(port)}. End that, or choose another: {setting}={before}9000"
                ) from None
            if exc.errno == errno.EACCES:
                raise StartError(
                    f"Port {port} is not allowed for this user. Choose one above 1023: {setting}={before}8000"
                ) from None
            raise StartError(f"Port {port} cannot be used: {exc.strerror}. Setting: {setting}") from None


def holder_of(port: int) -> str:
    """The process that listens on `port`, in words; "another program" where it cannot be seen."""
    if sys.platform.startswith("linux"):
        inodes = _listening_inodes(port)
        for process in Path("/proc").iterdir():
            if process.name.isdigit() and _has_socket(process, inodes):
                return f"{_name_of(process)} (process {process.name})"
    return "another program"


def _listening_inodes(port: int) -> set[str]:
    """Socket inodes that listen on `port` (proc_net_tcp(5): state 0A, address in hexadecimal)."""
    found = set()
    for table in ("tcp", "tcp6"):
        try:
            lines = Path("/proc/net", table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port:
                found.add(f"socket:[{fields[9]}]")
    return found


def _has_socket(process: Path, inodes: set[str]) -> bool:
    try:
        return any(str(each.readlink()) in inodes for each in (process / "fd").iterdir())
    except OSError:  # it ended, or it is somebody else's
        return False


def _name_of(process: Path) -> str:
    try:
        words = process.joinpath("cmdline").read_bytes().decode("utf-8", "replace").split("\0")
    except OSError:
        return "a program"
    return " ".join(word for word in words if word)[:80] or "a program"
