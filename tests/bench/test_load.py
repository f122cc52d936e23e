"""The load generator tells the truth: a server that stalls is charged for everybody who would have come."""

import itertools
import random
import socketserver
import statistics
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.load.__main__ import main
from deploy.load.arrivals import due_times
from deploy.load.driving import Driver, Target, is_whole
from deploy.load.histogram import Histogram, bucket_of, upper_end_ns
from deploy.load.questions import Question, check_question, zipf_draws

STALL_S = 1.0
PER_S = 200


class _Server(socketserver.ThreadingTCPServer):
    """A double of an HTTP server that can be told to stall, once, from an instant on."""

    allow_reuse_address = True
    daemon_threads = True
    stall_from: float | None = None
    status = b"200 OK"
    asked = 0

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        server = self.server
        assert isinstance(server, _Server)
        while line := self.rfile.readline():
            assert line.startswith(b"POST ")
            length = 0
            while (header := self.rfile.readline().strip()) != b"":
                if header.lower().startswith(b"content-length:"):
                    length = int(header.partition(b":")[2])
            self.rfile.read(length)
            server.asked += 1
            if server.stall_from is not None:
                wait = server.stall_from + STALL_S - time.monotonic()
                if 0 < wait <= STALL_S:
                    time.sleep(wait)
            body = b'{"decision":"allow"}'
            self.wfile.write(
                b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (server.status, len(body), body)
            )


@pytest.fixture
def server() -> Iterator[_Server]:
    double = _Server()
    thread = threading.Thread(target=double.serve_forever, args=(0.01,))
    thread.start()
    yield double
    double.shutdown()
    thread.join()
    double.server_close()


def _driver(server: _Server, connections: int = 4) -> Driver:
    question = check_question({"use": "train.voice"}, width=3, host="localhost", key="crk_test_x")
    return Driver(
        Target(host="127.0.0.1", port=server.port, connections=connections), question, ["a-1", "b-2"]
    )


def test_a_stall_of_a_second_is_charged_to_everybody_who_was_due_meanwhile(server: _Server) -> None:
    server.stall_from = time.monotonic() + 0.5
    outcome = _driver(server).open_loop(due_times("constant", per_s=PER_S, seconds=2.5))
    assert outcome.answered == outcome.intended == PER_S * 2.5
    # Of 500 due in 2.5 s, 200 fell into the stall. Their waits run evenly from a second down to nothing.
    assert outcome.latency.percentile_ms(99) > 900
    assert outcome.latency.percentile_ms(80) > 400
    assert outcome.latency.percentile_ms(50) < outcome.latency.percentile_ms(80)


def test_a_closed_loop_would_have_hidden_that_stall(server: _Server) -> None:
    server.stall_from = time.monotonic() + 0.5
    outcome = _driver(server).closed_loop(seconds=2.0, warm_up_s=0.0)
    # Only the four requests that stood in the stall waited: too few to show at p99 of thousands.
    assert outcome.latency.highest_ns > 0.5e9
    assert outcome.latency.percentile_ns(99) < 0.5e9


def test_what_is_never_answered_counts_with_the_time_it_waited(
    server: _Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deploy.load.driving.DRAIN_S", 0.2)
    server.stall_from = time.monotonic() + 0.3
    outcome = _driver(server).open_loop(due_times("constant", per_s=PER_S, seconds=0.5))
    assert outcome.unanswered > 0
    assert outcome.answered + outcome.unanswered == outcome.intended == outcome.latency.total
    assert outcome.latency.percentile_ms(99) > 200


def test_the_warm_up_is_sent_and_not_counted(server: _Server) -> None:
    outcome = _driver(server).open_loop(due_times("constant", per_s=PER_S, seconds=1.0), warm_up_s=0.5)
    assert server.asked == PER_S
    assert PER_S // 2 - 1 <= outcome.intended <= PER_S // 2 + 1
    assert outcome.latency.total == outcome.intended


def test_refusals_are_failures_and_never_answers(server: _Server) -> None:
    server.status = b"503 Service Unavailable"
    outcome = _driver(server).open_loop(due_times("constant", per_s=PER_S, seconds=0.5))
    assert outcome.answered == outcome.allowed == 0
    assert outcome.failures == {"503 Service Unavailable": 100}


def test_answers_say_how_many_were_allowed(server: _Server) -> None:
    outcome = _driver(server).open_loop(due_times("constant", per_s=PER_S, seconds=0.5))
    assert outcome.allowed == outcome.answered == 100


def test_arrivals_are_fixed_in_advance_and_the_same_for_the_same_seed() -> None:
    assert list(due_times("constant", per_s=4, seconds=1)) == [0, 250_000_000, 500_000_000, 750_000_000]
    drawn = due_times("poisson", per_s=1000, seconds=10, seed=7)
    assert drawn == due_times("poisson", per_s=1000, seconds=10, seed=7)
    assert list(drawn) == sorted(drawn) and drawn[-1] < 10e9
    gaps = [later - earlier for earlier, later in itertools.pairwise(drawn)]
    # Exponential gaps: their standard deviation equals their mean.
    assert statistics.pstdev(gaps) / statistics.fmean(gaps) == pytest.approx(1, rel=0.1)


def test_percentiles_are_within_a_hundredth_and_never_below_the_truth() -> None:
    draw = random.Random(3)
    latencies = [int(draw.lognormvariate(14, 1.5)) for _ in range(20_000)]
    histogram = Histogram()
    histogram.record(latencies[:9000])
    other = Histogram()
    other.record(latencies[9000:])
    histogram.merge(Histogram.from_json(other.to_json()))
    assert histogram.total == 20_000
    latencies.sort()
    for percent in (50, 90, 99, 99.9, 100):
        exact = latencies[int(len(latencies) * percent / 100) - 1]
        assert exact <= histogram.percentile_ns(percent) <= exact * 1.01


def test_buckets_follow_one_another_without_gap_or_overlap() -> None:
    ends = [upper_end_ns(bucket) for bucket in range(3000)]
    assert ends == sorted(set(ends))
    for bucket in range(2999):
        assert bucket_of(ends[bucket]) == bucket
        assert bucket_of(ends[bucket] + 1) == bucket + 1


def test_names_come_as_often_as_zipf_says_with_their_share_of_negatives() -> None:
    names = [f"n{place:04d}" for place in range(1000)]
    drawn = zipf_draws(names, ["x0000", "x0001"], count=100_000, seed=5)
    negatives = sum(1 for each in drawn if each.startswith("x"))
    assert negatives / 100_000 == pytest.approx(0.2, abs=0.01)
    # s = 1.0: the first comes twice as often as the second, ten times as often as the tenth.
    first, second, tenth = (drawn.count(names[place]) for place in (0, 1, 9))
    assert first / second == pytest.approx(2, rel=0.1) and first / tenth == pytest.approx(10, rel=0.15)


def test_the_middle_is_all_that_differs_between_requests() -> None:
    question = check_question({"use": "train.voice"}, width=3, host="localhost", key="crk_test_x")
    request = question.request("abc")
    head, _, body = request.partition(b"\r\n\r\n")
    assert body == b'{"performer":"abc","use":"train.voice"}'
    assert f"Content-Length: {len(body)}".encode() in head
    with pytest.raises(ValueError, match="expected 3 characters"):
        question.request("abcd")
    assert Question(head=b"h", tail=b"t", width=1).request("-") == b"h-t"


@pytest.mark.parametrize(
    ("data", "whole"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}", True),
        (b"HTTP/1.1 200 OK\r\nContent-Type: a\r\nContent-Length: 2\r\n\r\n{}", True),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{", False),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n", False),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n", False),
    ],
)
def test_an_answer_is_whole_when_all_that_it_announced_is_there(data: bytes, whole: bool) -> None:
    assert is_whole(data) is whole


@pytest.fixture
def performers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CONSENT_API_KEY", "crk_test_x")
    path = tmp_path / "performers.txt"
    path.write_text("prf_a\nprf_b\n")
    return path


def _arguments(server: _Server, performers: Path, *more: str) -> list[str]:
    url = f"http://127.0.0.1:{server.port}"
    length = ["--seconds", "0.5", "--warm-up", "0"]
    return ["--url", url, "--performers", str(performers), "--set", "use=train.voice", *length, *more]


def test_the_command_tells_what_was_due_and_what_was_answered(
    server: _Server, performers: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(_arguments(server, performers, "--rate", "100", "--arrivals", "constant")) == 0
    said = capsys.readouterr().out
    assert "50 answered in" in said and "of 50 that were due at 100/s" in said
    assert "100.0 % of them allowed" in said and "since each question was due" in said


def test_the_command_fails_on_refusals_and_on_a_p99_above_its_bound(
    server: _Server, performers: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(_arguments(server, performers, "--rate", "100", "--p99-ms", "0.001")) == 1
    server.status = b"429 Too Many Requests"
    assert main(_arguments(server, performers, "--rate", "100")) == 1
    assert "answered 429 Too Many Requests" in capsys.readouterr().out


def test_the_command_asks_for_what_it_lacks(
    server: _Server, performers: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    performers.write_text("prf_a\nprf_of_another_length\n")
    assert main(_arguments(server, performers)) == 2
    assert "all of one length" in capsys.readouterr().err
    performers.unlink()
    assert main(_arguments(server, performers)) == 2
    assert "expected a file of performer references" in capsys.readouterr().err
    monkeypatch.delenv("CONSENT_API_KEY")
    assert main(_arguments(server, performers)) == 2
    assert "CONSENT_API_KEY is empty" in capsys.readouterr().err
