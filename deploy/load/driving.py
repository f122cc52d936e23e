"""Load over kept HTTP/1.1 connections by one thread, open or closed loop.

Open loop: each request is due at an instant fixed in advance, and its latency counts from there, however late a
connection for it came free. So a server that stalls is charged for everybody who would have come meanwhile (no
"coordinated omission"). Closed loop: each connection asks again as soon as it was answered, which finds the most a
server can do and says nothing about latency.
"""

import contextlib
import select
import socket
import ssl
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle

from .histogram import Histogram
from .questions import Question

RECEIVE_BYTES = 1 << 18
DRAIN_S = 10.0  # how long answers are awaited after the last request was due
OK = b"HTTP/1.1 200"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where to ask, over how many connections; `tls` speaks HTTPS and verifies the certificate."""

    host: str
    port: int
    connections: int
    tls: bool = False


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What came of it. `latency` counts from when a request was due; `lateness` is the generator's own delay."""

    intended: int = 0
    answered: int = 0
    allowed: int = 0
    unanswered: int = 0
    seconds: float = 0.0
    failures: Counter[str] = field(default_factory=Counter)
    latency: Histogram = field(default_factory=Histogram)
    lateness: Histogram = field(default_factory=Histogram)

    @property
    def per_s(self) -> float:
        """Answers a second."""
        return self.answered / self.seconds if self.seconds else 0.0


class Driver:
    """One run against one target."""

    def __init__(self, target: Target, question: Question, middles: Sequence[str]) -> None:
        self._question = question
        self._middles: Iterator[str] = cycle(middles)
        self._epoll = select.epoll()
        self._connections: dict[int, _Connection] = {}
        for _ in range(target.connections):
            connection = _Connection(target)
            self._connections[connection.number] = connection
            self._epoll.register(connection.number, select.EPOLLIN)
        self._free = list(self._connections.values())

    def open_loop(self, due_ns: Sequence[int], *, warm_up_s: float = 0.0) -> Outcome:
        """Send each request when it is due. What was due within the warm-up is sent and not counted."""
        outcome, waiting = Outcome(), deque[int]()
        latencies: list[int] = []
        lateness: list[int] = []
        free, send, clock = self._free, self._send, time.perf_counter_ns
        allow = self._question.allow
        began = clock() + 1_000_000
        counts_from = began + int(warm_up_s * 1e9)
        place, count = 0, len(due_ns)
        deadline = began + (due_ns[-1] if count else 0) + int(DRAIN_S * 1e9)
        ended = began
        while place < count or waiting or len(free) < len(self._connections):
            now = clock()
            while place < count and began + due_ns[place] <= now:
                waiting.append(began + due_ns[place])
                place += 1
                if free and waiting[-1] >= counts_from:
                    lateness.append(now - waiting[-1])
            while waiting and free:
                send(free.pop(), waiting.popleft())
            if now > deadline:
                break
            for connection in self._ready(began + due_ns[place] - now if place < count else 100_000_000):
                answer = connection.receive(outcome)
                if answer is None:
                    continue
                ended = clock()
                if connection.due_ns >= counts_from:
                    latencies.append(ended - connection.due_ns)
                    outcome.answered += answer
                    outcome.allowed += answer and allow in connection.answer
                free.append(connection)
        counted = count - sum(1 for each in due_ns if began + each < counts_from)
        outcome.intended = counted
        outcome.unanswered = counted - len(latencies)
        # Whoever still waits has waited at least this long: leaving them out would flatter.
        given_up = [clock() - each.due_ns for each in self._connections.values() if each not in free]
        latencies += given_up + [clock() - due for due in waiting]
        outcome.seconds = max(ended - counts_from, 1) / 1e9
        return self._closed(outcome, latencies, lateness)

    def closed_loop(self, *, seconds: float, warm_up_s: float = 0.5) -> Outcome:
        """Keep every connection busy. Answers that came within the warm-up are not counted."""
        outcome, latencies = Outcome(), []
        clock, send, allow = time.perf_counter_ns, self._send, self._question.allow
        counts_from = clock() + int(warm_up_s * 1e9)
        ends = counts_from + int(seconds * 1e9)
        for connection in self._connections.values():
            send(connection, clock())
        now = clock()
        while now < ends:
            for connection in self._ready(1_000_000_000):
                answer = connection.receive(outcome)
                if answer is None:
                    continue
                now = clock()
                if now >= counts_from:
                    latencies.append(now - connection.due_ns)
                    outcome.answered += answer
                    outcome.allowed += answer and allow in connection.answer
                send(connection, now)
            now = clock()
        outcome.intended = len(latencies)
        outcome.seconds = (now - counts_from) / 1e9
        return self._closed(outcome, latencies, [])

    def _send(self, connection: "_Connection", due_ns: int) -> None:
        question = self._question
        connection.send(question.head + next(self._middles).encode("ascii") + question.tail, due_ns)

    def _ready(self, wait_ns: int) -> "Iterator[_Connection]":
        """Connections with bytes to read; waits at most until the next request is due, to the microsecond."""
        events = self._epoll.poll(0)
        if not events and wait_ns > 0:
            # epoll waits in whole milliseconds; select, asked about the epoll itself, in microseconds.
            select.select([self._epoll], [], [], wait_ns / 1e9)
            events = self._epoll.poll(0)
        return (self._connections[number] for number, _ in events)

    def _closed(self, outcome: Outcome, latencies: list[int], lateness: list[int]) -> Outcome:
        for connection in self._connections.values():
            connection.close()
        self._epoll.close()
        outcome.latency.record(latencies)
        outcome.lateness.record(lateness)
        return outcome


class _Connection:
    """One kept connection with at most one request on its way."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._socket = _dial(target)
        self.number = self._socket.fileno()
        self.due_ns = 0
        self.answer = b""

    def send(self, request: bytes, due_ns: int) -> None:
        self.answer = b""
        self.due_ns = due_ns
        sent = self._socket.send(request)
        while sent < len(
            request
        ):  # a big batch: the buffer of a loopback socket holds some hundred kilobytes
            select.select([], [self._socket], [])
            with contextlib.suppress(BlockingIOError, ssl.SSLWantWriteError):
                sent += self._socket.send(request[sent:])

    def receive(self, outcome: Outcome) -> bool | None:
        """None until the answer is whole; then whether it is a 200. Raises ConnectionError when cut off."""
        try:
            data = self._socket.recv(RECEIVE_BYTES)
        except (BlockingIOError, ssl.SSLWantReadError):
            return None
        if not data:
            raise ConnectionError(f"expected an answer, got the end after {self.answer[:200]!r}")
        self.answer = data = self.answer + data if self.answer else data
        if not is_whole(data):
            return None
        if data.startswith(OK):
            return True
        outcome.failures[data[9:300].decode("latin-1").partition("\r\n")[0]] += 1
        return False

    def close(self) -> None:
        self._socket.close()


def is_whole(data: bytes) -> bool:
    """Whether this is a whole answer: its head, and as many bytes as the head says, or chunks to their end."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return False
    place = data.find(b"ontent-", 0, end)
    while place >= 0 and data[place + 7 : place + 15].lower() != b"length: ":
        place = data.find(b"ontent-", place + 7, end)
    if place < 0:
        return data.endswith(b"0\r\n\r\n")  # RFC 9112 §7.1: a chunked body ends with an empty chunk
    return len(data) >= end + 4 + int(data[place + 15 : data.find(b"\r\n", place)])


def _dial(target: Target) -> socket.socket:
    plain = socket.create_connection((target.host, target.port), timeout=30)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    wrapped = (
        ssl.create_default_context().wrap_socket(plain, server_hostname=target.host) if target.tls else plain
    )
    wrapped.setblocking(False)
    return wrapped
