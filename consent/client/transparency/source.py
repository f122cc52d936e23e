"""Where a log is read: below an address or in a folder, file by file and within bounds."""

import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from consent.client.errors import ConfigurationError, Unavailable, UnreliableAnswer
from consent.client.transport import HttpRequest, HttpTransport, Transport, TransportError

TIMEOUT_S = 10.0
MIN_ANSWER_BYTES = 1 << 16  # room for a server's own page where a small file is not there
_SCHEMES = ("http://", "https://")


class Missing(Unavailable):
    """The log has no such file, or says so."""


class LogSource(Protocol):
    """Gives a log's files by their paths below its prefix, such as `checkpoint` and `tile/0/000`."""

    def read(self, path: str, *, max_bytes: int) -> bytes:
        """The file's bytes. Raises Missing where there is none, Unavailable where it cannot be had whole."""


@dataclass(frozen=True, slots=True)
class FolderSource:
    """A log as a folder of files."""

    folder: Path

    def read(self, path: str, *, max_bytes: int) -> bytes:
        """As the protocol says."""
        place = self.folder / path
        try:
            with place.open("rb") as file:
                data = file.read(max_bytes + 1)
        except FileNotFoundError as exc:
            raise Missing(f"the log has no {path} in {self.folder}") from exc
        except (OSError, ValueError) as exc:
            raise Unavailable(f"{place} cannot be read: {exc}") from exc
        if len(data) > max_bytes:
            raise UnreliableAnswer(f"{place} is larger than the {max_bytes} bytes that it may have")
        return data


@dataclass(frozen=True, slots=True)
class HttpSource:
    """A log below an address, without a slash at its end."""

    prefix: str
    transport: Transport = field(default_factory=HttpTransport)

    def read(self, path: str, *, max_bytes: int) -> bytes:
        """As the protocol says. A redirect is no answer, and a body may be gzip (C2SP tlog-tiles § Log entries)."""
        request = HttpRequest(
            method="GET",
            url=f"{self.prefix}/{path}",
            headers={"Accept-Encoding": "gzip, identity"},
            timeout_s=TIMEOUT_S,
            max_bytes=max(max_bytes, MIN_ANSWER_BYTES),
        )
        try:
            response = self.transport.send(request)
        except TransportError as exc:
            raise Unavailable(f"{self.prefix}/{path}: {exc}") from exc
        if response.status in (404, 410):
            raise Missing(f"the log has no {path} at {self.prefix}")
        if response.status != 200:
            raise Unavailable(f"{self.prefix}/{path}: expected 200, got {response.status}")
        if response.headers.get("content-encoding", "identity") == "gzip":
            return _gunzip(response.body, path=path, max_bytes=max_bytes)
        if len(response.body) > max_bytes:
            raise UnreliableAnswer(f"{path} is larger than the {max_bytes} bytes that it may have")
        return response.body


def open_source(where: str, *, transport: Transport) -> LogSource:
    """The log at an http(s) address or in a folder.

    Raises:
        ConfigurationError: neither.
    """
    if where.startswith(_SCHEMES):
        return HttpSource(where.rstrip("/"), transport)
    folder = Path(where)
    if not folder.is_dir():
        raise ConfigurationError(f"expected a log's https address or its folder, got {where[:200]!a}")
    return FolderSource(folder)


def _gunzip(data: bytes, *, path: str, max_bytes: int) -> bytes:
    inflate = zlib.decompressobj(wbits=31)  # gzip framing only
    try:
        plain = inflate.decompress(data, max_bytes + 1)
    except zlib.error as exc:
        raise UnreliableAnswer(f"{path} is said to be gzip and is not") from exc
    if len(plain) > max_bytes or not inflate.eof or inflate.unused_data:
        raise UnreliableAnswer(f"{path} is cut off, or larger than the {max_bytes} bytes that it may have")
    return plain
