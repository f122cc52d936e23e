"""Real witnesses over HTTP: quorum, silence, a second answer about the size, and one that lies."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from consent.log.errors import QuorumMissedError
from consent.log.figures import Figures
from signing.cosignature import cosigner_key
from signing.note import parse_note
from signing.private_key import PrivateKey
from signing.tlog_policy import Policy, PolicyGroup, PolicyLog, PolicyWitness
from tests.log.publishing.house import ORIGIN, House
from tests.log.publishing.reading import read_log

FOLDER = "log/test/"


@contextmanager
def _serving(server: Any) -> Iterator[str]:
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def _witness(house: House, root: Path, name: str) -> tuple[Any, PrivateKey]:
    from consent.client.witness.cosigning import Cosigner
    from consent.client.witness.record import Record
    from consent.client.witness.server import WitnessServer

    key = PrivateKey.generate()
    (root / name).mkdir()
    record = Record(root / name)
    cosigner = Cosigner(
        name=name, key=key, logs={ORIGIN: (house.vkey,)}, record=record, now=lambda: datetime.now(UTC)
    )
    server = WitnessServer("127.0.0.1", 0, cosigner=cosigner, record=record, say=lambda line: None)
    return server, key


def _policy(house: House, witnesses: list[PolicyWitness], need: int) -> Policy:
    names = tuple(each.name for each in witnesses)
    return Policy(
        logs=(PolicyLog(key=house.vkey),),
        witnesses=tuple(witnesses),
        groups=(PolicyGroup(name="enough", threshold=need, members=names),) if need else (),
        quorum="enough" if need else "none",
    )


def _publish(house: House, policy: Policy) -> None:
    from consent.log.publishing.witnessing import PolicyWitnesses

    witnesses = PolicyWitnesses(policy, objects=house.objects, figures=Figures())
    publisher = house.publisher(witnesses=witnesses)
    try:
        publisher.turn()
    finally:
        publisher.close()
        witnesses.close()


def test_a_quorum_of_witnesses_cosigns_what_is_published(house: House, tmp_path: Path) -> None:
    with ExitStack() as stack:
        witnesses = []
        for name in ("one.example", "two.example"):
            server, key = _witness(house, tmp_path, name)
            url = stack.enter_context(_serving(server))
            witnesses.append(PolicyWitness(name=name, key=cosigner_key(name, key), url=url))
        policy = _policy(house, witnesses, 2)
        for count in (5, 300, 1):
            # A publisher that starts anew knows no sizes: the witness tells its own, and is asked again.
            house.append(count)
            _publish(house, policy)
            standing = house.objects.get(f"{FOLDER}checkpoint")
            assert len(policy.check(standing).cosignatures) == 2
            read_log(house.objects, folder=FOLDER, key=house.vkey)


def test_below_the_quorum_the_last_checkpoint_stays(house: House, tmp_path: Path) -> None:
    server, key = _witness(house, tmp_path, "one.example")
    with _serving(server) as url:
        witness = PolicyWitness(name="one", key=cosigner_key("one.example", key), url=url)
        _publish(house, _policy(house, [witness], 1))
    stands = house.objects.get(f"{FOLDER}checkpoint")
    house.append(3)
    with pytest.raises(QuorumMissedError):
        _publish(house, _policy(house, [witness], 1))
    assert house.objects.get(f"{FOLDER}checkpoint") == stands
    assert (house.state().size, house.state().published_size) == (4, 1)
    _publish(house, _policy(house, [witness], 0))
    assert house.state().published_size == 4


class _Odd(BaseHTTPRequestHandler):
    """A witness that answers what no witness may."""

    answer: tuple[int, str, bytes] = (200, "text/plain", b"")

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        status, kind, body = self.answer
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        return


def _line_of_another(house: House) -> bytes:
    from signing.base64_lines import b64
    from signing.cosignature import cosign
    from signing.merkle import EMPTY_ROOT

    text = f"{ORIGIN}\n0\n{b64(EMPTY_ROOT)}\n"
    return f"{cosign(text, name='odd', key=PrivateKey.from_seed(bytes(32)), time=1).line}\n".encode()


@pytest.mark.parametrize(
    ("status", "kind", "body"),
    [(200, "text/plain", b""), (200, "text/plain", b"\xff\xfe"), (200, "text/plain", None),
     (409, "text/x.tlog.size", b"999999\n"), (409, "text/x.tlog.size", b"-1\n"), (409, "text/plain", b"1\n"),
     (403, "text/plain", b"no"), (302, "text/plain", b""), (500, "text/plain", b"x" * 100_000)],
)  # fmt: skip
def test_a_witness_that_answers_nonsense_counts_for_nothing(
    house: House, status: int, kind: str, body: bytes | None
) -> None:
    said = _line_of_another(house) if body is None else body
    handler = type("Odd", (_Odd,), {"answer": (status, kind, said)})
    with _serving(ThreadingHTTPServer(("127.0.0.1", 0), handler)) as url:
        key = cosigner_key("odd", PrivateKey.from_seed(bytes(32)))
        witness = PolicyWitness(name="odd", key=key, url=url)
        _publish(house, _policy(house, [witness], 0))
        assert len(parse_note(house.objects.get(f"{FOLDER}checkpoint")).signatures) == 1
        house.append(1)
        with pytest.raises(QuorumMissedError):
            _publish(house, _policy(house, [witness], 1))
