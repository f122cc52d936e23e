"""Reading a log as a stranger: real ones, ones that lie, ones that are cut off."""

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest

from consent.client.errors import ConfigurationError, Unavailable, UnreliableAnswer
from consent.client.transparency.fsck import MAX_FAULTS, fsck
from consent.client.transparency.reader import LogReader
from consent.client.transparency.source import FolderSource, HttpSource, Missing, open_source
from consent.client.transparency.watched import Watched
from consent.client.transparency.watching import Contradiction, Silent, Watcher
from consent.client.transport import HttpRequest, HttpResponse, HttpTransport
from signing.cosignature import cosigner_key
from signing.errors import MalformedError, SignatureError, SigningError, UntrustedError
from signing.keys import PrivateKey
from signing.note import parse_note
from signing.tlog_policy import parse_policy
from signing.tlog_proof import parse_proof, verify_proof
from tests.client.log_folder import POLICY, VKEY, LogFolder, entry, served

WITNESS = PrivateKey(bytes(range(1, 33)))
WITNESSED = parse_policy(
    f"log {VKEY}\nwitness w {cosigner_key('w.example/1', WITNESS).text}\nquorum w\n".encode()
)


def _reader(log: LogFolder) -> LogReader:
    return LogReader(FolderSource(log.folder), POLICY)


def test_every_entry_is_proven_and_the_proof_is_a_file(tmp_path: Path) -> None:
    log = LogFolder(tmp_path).grow(700)
    reader = _reader(log)
    head = reader.head()
    for index in (0, 255, 256, 511, 512, 699):
        proof, found = reader.prove(index, head)
        assert found == entry(index) == reader.entry(index, head)
        assert (
            verify_proof(parse_proof(proof.format()), expected_entry=found, policy=POLICY).checkpoint.size
            == 700
        )
    with pytest.raises(MalformedError):
        reader.prove(700, head)


def test_no_proof_is_made_of_what_does_not_lead_to_the_signed_root(tmp_path: Path) -> None:
    log = LogFolder(tmp_path).grow(700)
    for path, at in (
        ("tile/0/001", 0),
        ("tile/1/000.p/2", 0),
        ("tile/0/002.p/188", 0),
        ("tile/entries/001", 40),
    ):
        log.flip(path, at)
        with pytest.raises(SigningError):
            _reader(log).prove(257, _reader(log).head())
        log.flip(path, at)
    assert _reader(log).prove(257, _reader(log).head())


def test_a_log_over_http_is_the_log_in_the_folder(tmp_path: Path) -> None:
    log = LogFolder(tmp_path).grow(300)
    with served(tmp_path) as address:
        reader = LogReader(open_source(f"{address}/", transport=HttpTransport()), POLICY)
        assert fsck(reader).is_whole
        assert reader.entry(299, reader.head()) == log.entries[299]
        with pytest.raises(Missing, match="no tile/0/009"):
            HttpSource(address).read("tile/0/009", max_bytes=10)
        with pytest.raises(Unavailable, match="larger than the 10"):
            HttpSource(address).read("checkpoint", max_bytes=10)
    with pytest.raises(ConfigurationError, match="or its folder"):
        open_source(str(tmp_path / "nowhere"), transport=HttpTransport())


class _Answers:
    def __init__(self, response: HttpResponse) -> None:
        self.response = response

    def send(self, request: HttpRequest) -> HttpResponse:
        assert request.headers["Accept-Encoding"] == "gzip, identity"
        return self.response


def test_gzip_is_unpacked_within_bounds_and_a_redirect_is_no_answer() -> None:
    def read(body: bytes, status: int = 200) -> bytes:
        response = HttpResponse(status=status, headers={"content-encoding": "gzip"}, body=body)
        return HttpSource("https://log.example", _Answers(response)).read("checkpoint", max_bytes=100)

    assert read(gzip.compress(b"a" * 100)) == b"a" * 100
    packed = gzip.compress(b"a")
    for body in (
        gzip.compress(b"a" * 101),
        gzip.compress(bytes(1 << 24)),
        packed[:-1],
        packed + b"x",
        b"",
        b"a",
    ):
        with pytest.raises(UnreliableAnswer):
            read(body)
    for status in (301, 500, 206, 204):
        with pytest.raises(Unavailable, match="expected 200"):
            read(packed, status)


def test_a_partial_tile_that_is_gone_is_read_from_the_full_one(tmp_path: Path) -> None:
    log = LogFolder(tmp_path).grow(200)
    head = _reader(log).head()
    log.grow(100)
    for path in ("tile/0/000.p/200", "tile/entries/000.p/200"):
        (tmp_path / path).unlink()
    assert _reader(log).entry(199, head) == log.entries[199]
    (tmp_path / "tile/0/000").write_bytes(bytes(8191))
    with pytest.raises(SignatureError, match="full tile has 8191 bytes"):
        _reader(log).entry(199, head)


def test_fsck_finds_each_flipped_bit_and_each_file_that_is_gone(tmp_path: Path) -> None:
    log = LogFolder(tmp_path).grow(70_000)
    clean = fsck(_reader(log), commitments_only=True)
    assert (clean.is_whole, clean.entries, clean.tiles) == (True, 70_000, 274 + 2 + 1)
    for path, at, fault in (
        ("tile/0/100", 32 * 7 + 3, "tile/0/100: hash 7 is not that of the entries"),
        ("tile/0/273.p/112", 0, "tile/0/273.p/112: hash 0"),
        ("tile/1/001.p/17", 32 * 16, "tile/1/001.p/17: hash 16"),
        ("tile/2/000.p/1", 31, "tile/2/000.p/1: hash 0"),
        ("tile/entries/000", 10, "tile/0/000: hash 0"),
        ("tile/entries/000", 0, "entries 0 to 255: bundle ends inside entry"),
    ):
        log.flip(path, at)
        report = fsck(_reader(log))
        assert not report.is_whole
        assert report.faults[0].startswith(fault)
        log.flip(path, at)
    (tmp_path / "tile/1/000").unlink()
    assert "the log has no tile/1/000" in fsck(_reader(log)).faults[0]
    (tmp_path / "tile/entries/005").unlink()
    with pytest.raises(Missing):
        fsck(_reader(log))


def test_fsck_finds_another_root_and_entries_that_say_more_than_they_may(tmp_path: Path) -> None:
    log = LogFolder(tmp_path).grow(300)
    log.write("checkpoint", log.signed(bytes(32), 300))
    assert fsck(_reader(log)).faults == ["the entries lead to another root than the one signed at size 300"]
    log.entries[3] = b"a name"
    log.publish()
    assert fsck(_reader(log)).is_whole
    assert fsck(_reader(log), commitments_only=True).faults == [
        "entry 3 has 6 bytes, expected 0x01 and a commitment of 32"
    ]
    log.entries = [b"\x02" * 33] * 300
    log.publish()
    assert len(fsck(_reader(log), commitments_only=True).faults) == MAX_FAULTS


def test_an_empty_log_is_whole(tmp_path: Path) -> None:
    assert fsck(_reader(LogFolder(tmp_path).grow(0))).is_whole


def test_a_head_by_another_key_or_below_the_quorum_is_refused(tmp_path: Path) -> None:
    log = LogFolder(tmp_path).grow(3)
    with pytest.raises(UntrustedError, match="lacks the quorum"):
        LogReader(FolderSource(tmp_path), WITNESSED).head()
    log.publish(witness=WITNESS, time=1_700_000_000)
    assert [each.time for each in LogReader(FolderSource(tmp_path), WITNESSED).head().cosignatures] == [
        1_700_000_000
    ]
    log.flip("checkpoint", 3)
    with pytest.raises(SigningError):
        _reader(log).head()


class _Clock:
    def __init__(self) -> None:
        self.at = 1_700_000_000.0

    def __call__(self) -> datetime:
        return datetime.fromtimestamp(self.at, UTC)


def _watcher(log: LogFolder, state: Path, clock: _Clock, *, reader: LogReader | None = None) -> Watcher:
    return Watcher(reader or _reader(log), Watched(state), silence_s=60, now=clock)


def test_a_monitor_follows_a_log_that_grows_and_goes_on_after_a_restart(tmp_path: Path) -> None:
    log, state, clock = LogFolder(tmp_path / "log"), tmp_path / "state", _Clock()
    log.grow(5)
    grown = []
    for step in (0, 1, 250, 0, 600):
        log.grow(step)
        seen = _watcher(log, state, clock).look()
        assert seen is not None
        grown.append((seen.head.checkpoint.size, seen.grown_by))
    assert grown == [(5, 0), (6, 1), (256, 250), (256, 0), (856, 600)]
    assert parse_note(state.read_bytes()).text.split("\n")[1] == "856"


def test_a_fork_is_an_alarm_and_both_heads_are_kept(tmp_path: Path) -> None:
    log, state, clock = LogFolder(tmp_path / "log").grow(300), tmp_path / "state", _Clock()
    first = (log.folder / "checkpoint").read_bytes()
    assert _watcher(log, state, clock).look()
    for size in (300, 301, 700):  # of the same size, or grown out of another
        fork = LogFolder(tmp_path / f"fork{size}").grow(299, b"another history").grow(size - 299)
        second = (fork.folder / "checkpoint").read_bytes()
        with pytest.raises(Contradiction, match="both signed checkpoints are kept") as alarm:
            _watcher(fork, state, clock).look()
        assert {path.read_bytes() for path in alarm.value.evidence} == {first, second}
        assert state.read_bytes() == first
    assert _watcher(log.grow(1), state, clock).look()


def test_an_older_head_is_no_fork_and_nothing_is_forgotten(tmp_path: Path) -> None:
    log, state, clock = LogFolder(tmp_path / "log").grow(300), tmp_path / "state", _Clock()
    older = (log.folder / "checkpoint").read_bytes()
    log.grow(100)
    assert _watcher(log, state, clock).look()
    log.write("checkpoint", older)
    step = _watcher(log, state, clock).look()
    assert step is not None
    assert (step.head.checkpoint.size, step.grown_by) == (400, 0)


def test_a_shorter_fork_that_hides_its_tiles_is_silence(tmp_path: Path) -> None:
    log, state, clock = LogFolder(tmp_path / "log").grow(300), tmp_path / "state", _Clock()
    assert _watcher(log, state, clock).look()
    watcher = _watcher(LogFolder(tmp_path / "fork").grow(299, b"another history"), state, clock)
    assert watcher.look() is None
    clock.at += 61
    with pytest.raises(Silent):
        watcher.look()


def test_silence_is_an_alarm(tmp_path: Path) -> None:
    log, state, clock = LogFolder(tmp_path / "log").grow(3), tmp_path / "state", _Clock()
    watcher = _watcher(log, state, clock)
    assert watcher.look()
    (log.folder / "checkpoint").unlink()
    clock.at += 59
    assert watcher.look() is None
    clock.at += 2
    with pytest.raises(Silent, match="nothing fresh from the log for 61 s"):
        watcher.look()
    log.grow(1)
    assert watcher.look()


def test_an_old_witnessed_head_shown_for_ever_is_silence(tmp_path: Path) -> None:
    log, state, clock = LogFolder(tmp_path / "log").grow(3), tmp_path / "state", _Clock()
    log.publish(witness=WITNESS, time=int(clock.at))
    watcher = _watcher(log, state, clock, reader=LogReader(FolderSource(log.folder), WITNESSED))
    assert watcher.look()
    clock.at += 59
    assert watcher.look()
    clock.at += 2
    with pytest.raises(Silent, match="its newest checkpoint is old"):
        watcher.look()
    log.publish(witness=WITNESS, time=int(clock.at) + 61)  # a witness's clock that is ahead
    with pytest.raises(Silent):
        watcher.look()
    log.publish(witness=WITNESS, time=int(clock.at) + 59)
    assert watcher.look()


def test_a_state_file_of_another_log_is_refused(tmp_path: Path) -> None:
    log, state, clock = LogFolder(tmp_path / "log").grow(3), tmp_path / "state", _Clock()
    for data in (b"", b"nonsense", b"x" * 2_000_000):
        state.write_bytes(data)
        with pytest.raises(ConfigurationError, match="checkpoint seen last"):
            _watcher(log, state, clock).look()
