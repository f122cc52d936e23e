"""The real transport against a real server of this test's own, on this machine."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain, repeat

import pytest

from consent.client.transport import HttpRequest, HttpResponse, HttpTransport, TransportError

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@contextmanager
def server(*parts: bytes, pause: threading.Event | None = None) -> Iterator[str]:
    """Sends these bytes to whoever asks, then closes; with `pause` it first waits before the last part."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            for place, part in enumerate(parts):
                if pause is not None and place == len(parts) - 1:
                    pause.wait(30)
                connection.sendall(part)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1/check"
    finally:
        if pause is not None:
            pause.set()
        listener.close()
        thread.join(5)


def send(
    url: str, *, max_bytes: int = 1000, timeout_s: float = 5.0, monotonic: Callable[[], float] | None = None
) -> HttpResponse:
    transport = HttpTransport(monotonic=monotonic) if monotonic else HttpTransport()
    headers = {"Authorization": "Bearer crk_test_secretsecret"}
    return transport.send(
        HttpRequest(method="GET", url=url, headers=headers, timeout_s=timeout_s, max_bytes=max_bytes)
    )


def test_a_whole_response_comes_back_with_lower_case_headers() -> None:
    with server(OK + b"Content-Length: 2\r\n\r\n", b"{}") as url:
        response = send(url)
    assert (response.status, response.body, response.headers["content-type"]) == (
        200,
        b"{}",
        "application/json",
    )


def test_a_chunked_response_is_read_whole() -> None:
    with server(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n{\r\n", b"1\r\n}\r\n0\r\n\r\n") as url:
        assert send(url).body == b"{}"


def test_a_redirect_is_returned_not_followed() -> None:
    with server(b"HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n") as url:
        assert send(url).status == 307


@pytest.mark.parametrize(
    "parts",
    [
        [OK + b"Content-Length: 10\r\n\r\n", b"{}"],
        [OK + b"Transfer-Encoding: chunked\r\n\r\n", b"5\r\n{}"],
        [OK + b"Transfer-Encoding: chunked\r\n\r\n", b"zz\r\n{}"],
        [OK + b"Content-Length: 2000\r\n\r\n", b"x" * 2000],
        [OK + b"\r\n", b"x" * 2000],
        [b""],
        [b"nonsense\r\n\r\n"],
        [b"HTTP/1.1 999999 OK\r\n\r\n"],
        [OK + b"X: y\r\n" * 500 + b"\r\n"],
        [OK + b"X: " + b"y" * 70_000 + b"\r\n\r\n"],
    ],
)
def test_a_broken_or_oversized_response_is_a_transport_error_that_names_no_key(parts: list[bytes]) -> None:
    with server(*parts) as url, pytest.raises(TransportError) as failed:
        send(url)
    assert "secretsecret" not in str(failed.value)


def test_a_silent_server_times_out() -> None:
    with server(b"", pause=threading.Event()) as url, pytest.raises(TransportError, match="no response"):
        send(url, timeout_s=0.2)


def test_a_body_that_stops_half_way_times_out() -> None:
    parts = OK + b"Content-Length: 9\r\n\r\n{", b"}"
    with server(*parts, pause=threading.Event()) as url, pytest.raises(TransportError, match="cut off"):
        send(url, timeout_s=0.3)


def test_a_dripping_body_ends_at_the_deadline_of_the_whole_exchange() -> None:
    clock = chain([0.0], repeat(99.0))
    parts = OK + b"Content-Length: 3\r\n\r\n{", b" }"
    with server(*parts) as url, pytest.raises(TransportError, match="took longer than 5 s"):
        send(url, monotonic=lambda: next(clock))


def test_nobody_listening_is_a_transport_error_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(TransportError, match=f"no connection to http://127.0.0.1:{port}") as failed:
        send(f"http://127.0.0.1:{port}/v1/check")
    assert "\n" not in str(failed.value)


def test_a_certificate_that_does_not_verify_is_a_transport_error() -> None:
    with server(b"this is not TLS") as url, pytest.raises(TransportError):
        send(url.replace("http:", "https:"))
