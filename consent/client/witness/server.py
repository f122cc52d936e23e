"""A witness over HTTP: a bounded number of bounded requests (C2SP tlog-witness § HTTP Interface)."""

import re
import socket
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from consent.client.errors import ConsentError
from consent.client.witness.cosigning import TEXT, Cosigner, WitnessAnswer
from consent.client.witness.record import Record

MAX_BODY_BYTES = 1 << 18  # sixteen post-quantum signatures of 6.5 kB in base64, and a proof
MAX_CONNECTIONS = 64
READ_TIMEOUT_S = 10.0
CONNECTION_LIFE_S = 60.0  # kept alive for the next checkpoints, yet nobody holds a place by dripping bytes

_MONITORED = re.compile(r"/([0-9a-f]{64})/checkpoint", re.ASCII)
_LENGTH = re.compile(r"0|[1-9][0-9]{0,9}", re.ASCII)


class WitnessServer(ThreadingHTTPServer):
    """Serves `POST /add-checkpoint` and `GET /<hex of SHA-256(origin)>/checkpoint`; `say` hears a line each."""

    daemon_threads = True
    request_queue_size = MAX_CONNECTIONS

    def __init__(
        self, host: str, port: int, *, cosigner: Cosigner, record: Record, say: Callable[[str], None]
    ) -> None:
        if ":" in host:
            self.address_family = socket.AF_INET6
        self.cosigner = cosigner
        self.record = record
        self.say = say
        self._places = threading.BoundedSemaphore(MAX_CONNECTIONS)
        super().__init__((host, port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Give the connection a thread, or close it where too many are open."""
        if not self._places.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve one connection, for as long as one may last."""
        life = threading.Timer(CONNECTION_LIFE_S, _end, args=(request,))
        life.daemon = True
        life.start()
        try:
            super().process_request_thread(request, client_address)
        finally:
            life.cancel()
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that broke is the client's affair."""
        self.say("a connection broke off")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "consent-witness"
    sys_version = ""
    timeout = READ_TIMEOUT_S
    server: WitnessServer

    def do_POST(self) -> None:
        if self.path != "/add-checkpoint":
            self._refuse(HTTPStatus.NOT_FOUND, "expected POST /add-checkpoint")
            return
        length = self.headers.get("Content-Length", "")
        if not _LENGTH.fullmatch(length) or "Transfer-Encoding" in self.headers:
            self._refuse(HTTPStatus.LENGTH_REQUIRED, "expected a Content-Length")
            return
        if int(length) > MAX_BODY_BYTES:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"expected at most {MAX_BODY_BYTES} bytes")
            return
        body = self.rfile.read(int(length))
        if len(body) != int(length):
            self.close_connection = True
            return
        try:
            answer = self.server.cosigner.add_checkpoint(body)
        except ConsentError as exc:  # the record cannot be read or written: nothing was signed
            self.server.say(f"nothing signed: {exc}")
            self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR, "the witness cannot read or write its record")
            return
        self._send(answer)

    def do_GET(self) -> None:
        found = _MONITORED.fullmatch(self.path)
        try:
            data = self.server.record.cosigned(found[1]) if found else None
        except ConsentError as exc:
            self.server.say(str(exc))
            data = None
        if data is None:
            self._refuse(HTTPStatus.NOT_FOUND, "nothing was signed for such a log", close=False)
            return
        self._send(WitnessAnswer(status=200, body=data, said=""))

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are told by their answers; no address is kept."""

    def _refuse(self, status: HTTPStatus, why: str, *, close: bool = True) -> None:
        self.close_connection = close  # a body that was not read would be taken for the next request
        self._send(WitnessAnswer(status=status, body=f"{why}\n".encode(), said="", content_type=TEXT))

    def _send(self, answer: WitnessAnswer) -> None:
        if answer.said:
            self.server.say(answer.said)
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("Cache-Control", "no-store")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(answer.body)


def _end(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it has ended by itself
