"""A witness: what it signs, what it refuses and how, and that no crash makes it sign two histories."""

import http.client
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent.client.errors import ConfigurationError
from consent.client.witness.cosigning import Cosigner, WitnessAnswer
from consent.client.witness.folder import create_folder, open_folder
from consent.client.witness.record import Record, origin_id
from consent.client.witness.server import MAX_BODY_BYTES, WitnessServer
from signing.checkpoint import Checkpoint
from signing.cosignature import cosigner_key, verify_cosignature
from signing.errors import MalformedError
from signing.keys import PrivateKey
from signing.merkle import consistency_proof, leaf_hash, tree_root
from signing.note import NoteSigner, parse_note, sign_note
from signing.note_signature import NoteSignature
from signing.tlog_policy import parse_policy
from signing.witness_request import WitnessRequest, parse_request
from tests.client.log_folder import SIGNER, VKEY, LogFolder, entry

ROOT = Path(__file__).parents[2]
KEY = PrivateKey(bytes(range(1, 33)))
NAME = "w.example/1"
AT = 1_700_000_000
LEAVES = [leaf_hash(entry(number)) for number in range(300)]
FORK = [leaf_hash(entry(number, b"fork")) for number in range(300)]


def _request(old: int, new: int, leaves: list[bytes] = LEAVES, *, proof: list[bytes] | None = None) -> bytes:
    note = parse_note(LogFolder.signed(tree_root(leaves[:new]), new))
    if proof is None:
        proof = consistency_proof(old, leaves[:new]) if 0 < old <= new else []
    return WitnessRequest(old_size=old, proof=tuple(proof), note=note).format()


def _cosigner(folder: Path, record: Record | None = None) -> Cosigner:
    return Cosigner(
        name=NAME,
        key=KEY,
        logs={SIGNER.name: [SIGNER.verifier]},
        record=record or Record(folder),
        now=lambda: datetime.fromtimestamp(AT, UTC),
    )


def _time_of(answer: WitnessAnswer, new: int, leaves: list[bytes] = LEAVES) -> int:
    assert answer.status == 200, answer
    line = NoteSignature.parse(answer.body.decode().removesuffix("\n"))
    text = parse_note(LogFolder.signed(tree_root(leaves[:new]), new)).text
    return verify_cosignature(text, line.signature, key=cosigner_key(NAME, KEY))


def test_a_log_that_grows_is_cosigned_at_every_size_it_shows(tmp_path: Path) -> None:
    old = 0
    for new in (0, 1, 1, 2, 7, 8, 8, 255, 256, 300):
        assert _time_of(_cosigner(tmp_path).add_checkpoint(_request(old, new)), new) == AT
        old = new
    shown = Record(tmp_path).cosigned(origin_id(SIGNER.name))
    policy = parse_policy(f"log {VKEY}\nwitness w {cosigner_key(NAME, KEY).text}\nquorum w\n".encode())
    assert shown is not None
    assert policy.check(shown).checkpoint.size == 300


def test_each_refusal_has_the_status_of_the_specification(tmp_path: Path) -> None:
    witness = _cosigner(tmp_path)
    assert witness.add_checkpoint(_request(0, 8)).status == 200
    stranger = NoteSigner(name="example.org/other", key=SIGNER.key)
    impostor = NoteSigner(name=SIGNER.name, key=KEY)
    text = parse_note(_note(9)).text
    unknown = text.replace(SIGNER.name, stranger.name)
    for body, status in (
        (b"", 400),
        (b"old 08\n\n" + _note(9), 400),
        (b"old 8\n" + _note(9), 400),
        (b"old 8\nAAAA\n\n" + _note(9), 400),
        (b"old 8\n\n" + sign_note("no checkpoint\n", [SIGNER]), 400),
        (_request(10, 9), 400),
        (b"old 8\n\n" + sign_note(unknown, [stranger]), 404),
        (b"old 8\n\n" + sign_note(text, [impostor]), 403),
        (b"old 8\n\n" + sign_note(text, [stranger]), 403),
        (_request(7, 9), 409),
        (_request(0, 9), 409),
        (_request(8, 9, proof=[]), 422),
        (_request(8, 9, FORK), 422),
        (_request(8, 8, proof=[bytes(32)]), 422),
        (_request(8, 8, FORK), 409),
    ):
        answer = witness.add_checkpoint(body)
        assert (answer.status, "—" in answer.body.decode()) == (status, False), body
    conflict = witness.add_checkpoint(_request(7, 9))
    assert (conflict.content_type, conflict.body) == ("text/x.tlog.size", b"8\n")
    fork = witness.add_checkpoint(_request(8, 8, FORK))
    assert fork.content_type.startswith("text/plain")
    kept = [path.read_bytes() for path in tmp_path.glob("*.fork-*")]
    assert kept == [LogFolder.signed(tree_root(FORK[:8]), 8)]
    assert _time_of(witness.add_checkpoint(_request(8, 9)), 9) == AT


def _note(size: int) -> bytes:
    return LogFolder.signed(tree_root(LEAVES[:size]), size)


def test_only_lines_of_the_log_itself_are_kept(tmp_path: Path) -> None:
    stranger = NoteSigner(name="example.org/other", key=KEY)
    note = parse_note(_note(5))
    many = note.with_signatures([stranger.sign(note.text)])
    body = WitnessRequest(old_size=0, proof=(), note=many).format()
    assert _cosigner(tmp_path).add_checkpoint(body).status == 200
    shown = parse_note(Record(tmp_path).cosigned(origin_id(SIGNER.name)) or b"")
    assert [each.name for each in shown.signatures] == [SIGNER.name, NAME]


def test_a_record_that_cannot_be_read_signs_nothing(tmp_path: Path) -> None:
    witness = _cosigner(tmp_path)
    assert witness.add_checkpoint(_request(0, 8)).status == 200
    path = next(tmp_path.glob("*.checkpoint"))
    whole = path.read_bytes()
    other = sign_note(parse_note(whole).text.replace(SIGNER.name, "example.org/other"), [SIGNER])
    for broken in (b"", whole[:10], other):
        path.write_bytes(broken)
        with pytest.raises(ConfigurationError):
            witness.add_checkpoint(_request(8, 9))
    path.write_bytes(whole)
    assert witness.add_checkpoint(_request(8, 9)).status == 200


class _Meeting(Record):
    """Whoever has read the last checkpoint waits for a second to have read it too, if one can come."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.met = threading.Barrier(2)

    def last(self, origin: str) -> Checkpoint | None:
        found = super().last(origin)
        with suppress(threading.BrokenBarrierError):
            self.met.wait(timeout=0.5)
        return found


def test_two_requests_at_once_never_roll_back(tmp_path: Path) -> None:
    assert _cosigner(tmp_path).add_checkpoint(_request(0, 8)).status == 200
    witness = _cosigner(tmp_path, _Meeting(tmp_path))
    answers: dict[int, int] = {}

    def grow(to: int) -> None:
        answers[to] = witness.add_checkpoint(_request(8, to)).status

    threads = [threading.Thread(target=grow, args=(to,)) for to in (9, 12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers.values()) == [200, 409]
    last = Record(tmp_path).last(SIGNER.name)
    assert last is not None
    assert answers[last.size] == 200


def _die(folder: Path, body: bytes, step: int) -> tuple[int, bytes]:
    """The return code of a witness killed at this step, and what it had answered."""
    request = folder.with_suffix(".request")
    request.write_bytes(body)
    done = subprocess.run(
        [sys.executable, "-m", "tests.client.witness_dying", folder, request, str(step)],
        check=False,
        cwd=ROOT,
        capture_output=True,
        timeout=60,
    )
    assert done.returncode in (0, -9), done.stderr.decode()
    return done.returncode, done.stdout


def test_killed_at_any_step_it_never_signs_two_roots_of_one_size(tmp_path: Path) -> None:
    survived = 0
    for step in range(1, 100):
        folder = tmp_path / str(step)
        assert _cosigner(folder).add_checkpoint(_request(0, 4)).status == 200
        code, answered = _die(folder, _request(4, 8), step)
        first_signed = answered.startswith(b"200 ")
        other = LEAVES[:4] + FORK[4:]
        fork = _cosigner(folder).add_checkpoint(_request(4, 8, other))
        again = _cosigner(folder).add_checkpoint(_request(8 if fork.status == 409 else 4, 8))
        # Exactly one of the two histories has a signature, however far the first request came.
        assert not (first_signed and fork.status == 200), step
        assert (fork.status, again.status) in {(200, 409), (409, 200)}, step
        assert not list(folder.glob("*.partial")) or code == -9
        if code == 0:
            break
        survived += 1
    assert code == 0
    assert survived >= 10


@contextmanager
def _serving(folder: Path) -> Iterator[tuple[int, list[str]]]:
    said: list[str] = []
    server = WitnessServer("127.0.0.1", 0, cosigner=_cosigner(folder), record=Record(folder), say=said.append)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1], said
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _ask(
    connection: http.client.HTTPConnection, method: str, path: str, body: bytes | None = None
) -> tuple[int, str, bytes]:
    connection.request(method, path, body)
    answer = connection.getresponse()
    return answer.status, answer.headers["Content-Type"], answer.read()


def test_over_http_on_one_connection(tmp_path: Path) -> None:
    with _serving(tmp_path) as (port, said):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        status, _, body = _ask(connection, "POST", "/add-checkpoint", _request(0, 8))
        assert (status, body.startswith("— w.example/1 ".encode())) == (200, True)
        assert _ask(connection, "POST", "/add-checkpoint", _request(3, 9)) == (
            409,
            "text/x.tlog.size",
            b"8\n",
        )
        monitored = _ask(connection, "GET", f"/{origin_id(SIGNER.name)}/checkpoint")
        assert monitored[:2] == (200, "text/plain; charset=utf-8")
        assert parse_note(monitored[2]).signatures[1].name == NAME
        assert _ask(connection, "GET", f"/{'0' * 64}/checkpoint")[0] == 404
        assert _ask(connection, "GET", "/../witness.key")[0] == 404
        connection.close()
        for method, path, body, status in (
            ("POST", "/elsewhere", b"x", 404),
            ("POST", "/add-checkpoint", bytes(MAX_BODY_BYTES + 1), 413),
            ("PUT", "/add-checkpoint", b"x", 501),
        ):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            try:
                assert _ask(connection, method, path, body)[0] == status
            except (BrokenPipeError, ConnectionResetError):
                assert status == 413  # refused by its length alone, before the body was sent
            connection.close()
    assert said[0] == "example.com/log/test: signed size 8, was 0"


def test_a_folder_is_made_once_and_read_strictly(tmp_path: Path) -> None:
    folder = tmp_path / "w"
    made = create_folder(folder, name=NAME)
    assert made.verifier.name == NAME
    assert made.logs == {}
    with pytest.raises(ConfigurationError, match="exists already"):
        create_folder(folder, name=NAME)
    config = folder / "witness.toml"
    config.write_text(f'name = "{NAME}"\nlisten = "[::1]:0"\n[[log]]\nvkey = "{VKEY}"\n')
    read = open_folder(folder)
    assert (read.host, read.port, list(read.logs), read.verifier) == ("::1", 0, [SIGNER.name], made.verifier)
    for text in (
        "name",
        "name = 1",
        f'name = "{NAME}"\nmore = 1',
        f'name = "{NAME}"\nlisten = "nowhere"',
        f'name = "{NAME}"\nlisten = "a:99999"',
        f'name = "{NAME}"\n[[log]]\nkey = "x"',
        f'name = "{NAME}"\n[[log]]\nvkey = "x"',
        f'name = "{NAME}"\nlog = "x"',
        f'name = "{NAME}"\n[[log]]\nvkey = "{made.verifier.text}"',
        'name = "has space"',
    ):
        config.write_text(text)
        with pytest.raises(ConfigurationError):
            open_folder(folder)
    for name in ("", "has space", "a+b", 'a"b'):
        with pytest.raises(ConfigurationError):
            create_folder(tmp_path / "other", name=name)
    with pytest.raises(ConfigurationError, match="consent witness init"):
        open_folder(tmp_path / "nowhere")


def test_one_witness_works_in_a_folder(tmp_path: Path) -> None:
    with (
        Record(tmp_path).alone(),
        pytest.raises(ConfigurationError, match="another witness"),
        Record(tmp_path).alone(),
    ):
        pass
    with Record(tmp_path).alone():
        pass


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_make_anything_but_a_refusal(data: bytes) -> None:
    for attempt in (data, b"old 0\n" + data, b"old 0\n\n" + data):
        try:
            assert parse_request(attempt).format() == attempt
        except MalformedError:
            continue
