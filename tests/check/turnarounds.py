"""How often one connection goes to the database and back: a relay before PostgreSQL that counts."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

_CHUNK = 65536


@dataclass
class Turnarounds:
    """`count` grows each time something is sent after something came back."""

    count: int = 0
    _answered: bool = True

    def sent(self) -> None:
        """The client sent a piece."""
        self.count += self._answered
        self._answered = False

    def came_back(self) -> None:
        """The server sent a piece."""
        self._answered = True


@contextmanager
def counted_turnarounds() -> Iterator[Turnarounds]:
    """This thread's Django connection, made anew through a relay that counts; as before after the block."""
    from django.db import connection

    counted = Turnarounds()
    connection.close()
    kept = dict(connection.settings_dict)
    host, port = kept["HOST"] or "127.0.0.1", int(kept["PORT"] or 5432)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_relay, args=(listener, (host, port), counted), daemon=True).start()
        connection.settings_dict.update(HOST="127.0.0.1", PORT=str(listener.getsockname()[1]))
        try:
            yield counted
        finally:
            connection.close()
            connection.settings_dict.update(kept)


def _relay(listener: socket.socket, target: tuple[str, int], counted: Turnarounds) -> None:
    with contextlib.suppress(OSError):
        client, _ = listener.accept()
        with client, socket.create_connection(target) as server:
            threading.Thread(target=_pump, args=(server, client, counted.came_back), daemon=True).start()
            _pump(client, server, counted.sent)


def _pump(source: socket.socket, sink: socket.socket, note: Callable[[], None]) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(_CHUNK):
            note()
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
