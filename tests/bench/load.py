"""Load over HTTP/1.1 with kept connections: each sends, waits for the whole answer, sends again."""

import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle

RECEIVE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What was measured: answers, seconds, and each answer's milliseconds, sorted."""

    answers: int
    seconds: float
    latencies_ms: tuple[float, ...]

    @property
    def per_s(self) -> float:
        """Answers a second."""
        return self.answers / self.seconds

    def percentile_ms(self, percent: float) -> float:
        """The latency that this share of the answers did not exceed."""
        return self.latencies_ms[min(len(self.latencies_ms) - 1, int(len(self.latencies_ms) * percent / 100))]


class _Connection:
    def __init__(self, host: str, port: int) -> None:
        self.socket = socket.create_connection((host, port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sent_at = 0.0
        self.buffer = b""

    def send(self, request: bytes) -> None:
        self.buffer = b""
        self.sent_at = time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> bool:
        """Whether the answer is whole. Raises RuntimeError for anything but a 200."""
        self.buffer += self.socket.recv(RECEIVE_BYTES)
        head, separator, body = self.buffer.partition(b"\r\n\r\n")
        if not separator:
            return False
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"expected 200, got {self.buffer[:600]!r}")
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        if not lengths:  # RFC 9112 §7.1: a chunked body ends with an empty chunk
            return body.endswith(b"0\r\n\r\n")
        return len(body) >= int(lengths[0].partition(b":")[2])


def http_request(path: str, body: bytes, *, host: str, headers: dict[str, str] | None = None) -> bytes:
    """The bytes of one POST."""
    lines = [f"POST {path} HTTP/1.1", f"Host: {host}", "Content-Type: application/json"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    lines += [f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode("ascii") + body


def run_load(
    host: str,
    port: int,
    requests: Sequence[bytes],
    *,
    connections: int,
    seconds: float,
    warm_up_s: float = 0.5,
) -> Load:
    """Keep `connections` busy; answers that came within the warm-up are not counted.

    Raises:
        RuntimeError: an answer that is not 200, or a closed connection.
    """
    choose: Iterator[bytes] = cycle(requests)
    selector = selectors.DefaultSelector()
    for _ in range(connections):
        connection = _Connection(host, port)
        selector.register(connection.socket, selectors.EVENT_READ, connection)
        connection.send(next(choose))
    started = time.perf_counter() + warm_up_s
    ends = started + seconds
    latencies = []
    while (now := time.perf_counter()) < ends:
        for key, _ in selector.select(timeout=30):
            connection = key.data
            if connection.receive():
                now = time.perf_counter()
                if now >= started:
                    latencies.append((now - connection.sent_at) * 1000)
                connection.send(next(choose))
    for key in list(selector.get_map().values()):
        key.data.socket.close()
    selector.close()
    return Load(answers=len(latencies), seconds=now - started, latencies_ms=tuple(sorted(latencies)))
