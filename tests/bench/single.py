"""The single check over HTTP, beside what it is held against: on the same core, in the same rounds of the same run."""

import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from deploy.load.questions import Question, zipf_draws
from tests.bench.asking import Asker
from tests.bench.batches import warm_by_batches
from tests.bench.changing import changing
from tests.bench.loading import Load, Loader
from tests.bench.machine import memory_mb
from tests.bench.peers import cerbos
from tests.bench.peers.fetching import cerbos_binary
from tests.bench.place import Place
from tests.bench.report import Row, not_measured
from tests.bench.servers import Server, granian, resting

DRAWS = 500_000
MARKET_PER_S = 14_000  # 120 million messages a day, one check each, ten times that at the peak
HOLDS = 0.99  # of what was due has been answered, and nobody waited longer than this:
HOLDS_MS = 100
# Of the measured most, tried in turn where the market's is not held.
PARTS = (0.95, 0.85, 0.7, 0.5)


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """How long each part takes: seconds of a load, rounds of all of them, seconds of warm-up."""

    seconds: float
    rounds: int
    warm_up_s: float


@dataclass(frozen=True, kw_only=True)
class Contestant:
    """One server with the question that it is asked."""

    server: Server
    question: Question
    middles: Path


def measure(place: Place, loader: Loader, sizes: Sizes, *, why_no_cerbos: str) -> list[Row]:
    """All rows of the single check: throughput against rulers and peers, latency, what it holds, misses, memory."""
    drawn = zipf_draws(place.names(), place.negatives, count=DRAWS)
    names = loader.middles("names", drawn)
    with ExitStack() as stack:
        contestants = _contestants(place, loader, names, drawn, stack)
        ours = contestants["ours"]
        with changing(place.organization, place.seed.name, place.seed.count) as changes:
            with resting(_others(contestants, "ours")):
                loader.closed(ours.server, ours.question, names, seconds=sizes.warm_up_s)
                cold = _cold(place, ours, loader, sizes)
            before = _Facts.of(place)
            loads = _rounds(place, contestants, loader, sizes)
            most = statistics.median(load.per_s for load in loads["ours"])
            with resting(_others(contestants, "ours")):
                rows = [*_latency(ours, loader, most, sizes), _market(ours, loader, most, sizes)]
            after = _Facts.of(place)
            with resting(_others(contestants, "empty")):
                rows.append(_machine_latency(contestants["empty"], loader, most, sizes))
        misses = after.share_of_misses(before)
        return [
            *_throughput(loads, why_no_cerbos),
            *rows,
            *cold,
            Row(
                what="  facts missing in memory",
                value=misses * 100,
                unit="%",
                beside=f"{place.seed.count:,} grants, Zipf s = 1.0, 20 % negatives, "
                f"{changes.per_s:.0f} changes/s, {after.cells:,.0f} facts in memory",
            ),
            Row(what="  memory of the web process", value=memory_mb(place.server.pid), unit="MB PSS"),
        ]


def _cold(place: Place, ours: Contestant, loader: Loader, sizes: Sizes) -> list[Row]:
    """What is answered while most facts are still unread, after the warm-up; and how long it takes to read them all."""
    before = _Facts.of(place)
    load = loader.closed(ours.server, ours.question, ours.middles, seconds=sizes.seconds)
    after = _Facts.of(place)
    waited_s = place.read_ahead()
    return [
        Row(
            what="  before all facts were read ahead",
            value=load.per_s,
            unit="/s",
            samples=load.outcome.answered,
            beside=f"{after.share_of_misses(before):.1%} missing; {after.cells:,.0f} facts in memory, "
            f"the others read in {waited_s:.0f} s",
        )
    ]


def _contestants(
    place: Place, loader: Loader, names: Path, drawn: Sequence[str], stack: ExitStack
) -> dict[str, Contestant]:
    """Everybody, started and idle. Their order is the order of a round, the ruler on both sides of ours."""
    core = place.server_core
    inline = place.question(place.server, receipt="inline")
    empty = stack.enter_context(granian("empty handler", "tests.bench.empty_handler:application", cores=core))
    signing = stack.enter_context(
        granian(
            "sign-only handler",
            "tests.bench.sign_only_handler:application",
            cores=core,
            environment={"BENCH_RECEIPT": _inline_receipt(place)},
        )
    )
    view = stack.enter_context(granian("DRF view", "tests.bench.without_lane:application", cores=core))

    def same(server: Server) -> Contestant:
        return Contestant(server=server, question=place.question(server), middles=names)

    found = {
        "empty": same(empty),
        "ours": same(place.server),
        "sign-only": same(signing),
        "inline": Contestant(server=place.server, question=inline, middles=names),
        "view": same(view),
    }
    if (binary := cerbos_binary()) is not None:
        other = stack.enter_context(cerbos.cerbos(binary, folder=loader.folder, cores=core))
        found["cerbos"] = Contestant(
            server=other,
            question=cerbos.question(place.body, width=place.width, host=f"localhost:{other.port}"),
            middles=loader.middles("cerbos", cerbos.middles(drawn, set(place.negatives))),
        )
    return found


def _rounds(
    place: Place, contestants: dict[str, Contestant], loader: Loader, sizes: Sizes
) -> dict[str, list[Load]]:
    """Each in turn, and the turns again, so that whatever the machine does meets all of them."""
    loads: dict[str, list[Load]] = {name: [] for name in contestants}
    warm_by_batches(contestants["view"].server, place)  # at its own pace it would still be filling its memory
    place.read_ahead()
    for each in contestants.values():  # caches, pools and branch predictors of the others
        loader.closed(each.server, each.question, each.middles, seconds=1.0)
    for _ in range(sizes.rounds):
        for name in (*contestants, "empty"):
            each = contestants[name]
            with resting(_others(contestants, name)):
                load = loader.closed(each.server, each.question, each.middles, seconds=sizes.seconds)
            loads[name].append(load)
    return loads


def _others(contestants: dict[str, Contestant], name: str) -> list[Server]:
    """Whoever shares the core with the one that is asked, but for the registry, which has changes to follow."""
    ours = {contestants["ours"].server.pid, contestants[name].server.pid}
    return [each.server for each in contestants.values() if each.server.pid not in ours]


def _throughput(loads: dict[str, list[Load]], why_no_cerbos: str) -> list[Row]:
    """Ours by answers a second as they came; rulers by what they would have done with the whole core: the stricter."""
    ours, inline = (Series.of(loads[name], lambda load: load.per_s) for name in ("ours", "inline"))
    empty, signing, view = (
        Series.of(loads[name], lambda load: load.per_core_s) for name in ("empty", "sign-only", "view")
    )
    rows = [
        ours.row("check, deferred receipt", beside=_busy(loads["ours"])),
        empty.row("  empty granian handler", beside=_busy(loads["empty"])),
        ours.ratio("  of an empty granian handler", empty, at_least=0.6),
        view.row("  our own DRF view", beside=_busy(loads["view"])),
        ours.ratio("  against our own DRF view", view, at_least=15),
    ]
    if "cerbos" in loads:
        cerbos_s = Series.of(loads["cerbos"], lambda load: load.per_core_s)
        rows += [
            cerbos_s.row("  Cerbos, the same question", beside=_busy(loads["cerbos"])),
            ours.ratio("  against Cerbos", cerbos_s, at_least=10),
        ]
    else:
        rows.append(not_measured("  against Cerbos", why_no_cerbos, missing=True))
    return [
        *rows,
        inline.row("check, inline receipt", beside=_busy(loads["inline"])),
        signing.row("  sign-only granian handler", beside=_busy(loads["sign-only"])),
        inline.ratio("  of a handler that only signs", signing, at_least=0.8),
    ]


@dataclass(frozen=True)
class Series:
    """One figure, several times."""

    values: tuple[float, ...]

    @classmethod
    def of(cls, loads: Sequence[Load], figure: Callable[[Load], float]) -> "Series":
        """The figure of each load."""
        return cls(tuple(figure(load) for load in loads))

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.values)

    def row(self, what: str, *, beside: str = "") -> Row:
        """Answers a second."""
        return Row(
            what=what,
            value=self.median,
            unit="/s",
            beside=beside,
            samples=len(self.values),
            spread=(min(self.values), max(self.values)),
        )

    def ratio(self, what: str, other: "Series", *, at_least: float) -> Row:
        """Median by median; the spread is the least and the most favourable pairing."""
        return Row(
            what=what,
            value=self.median / other.median,
            unit="x",
            at_least=at_least,
            binding=True,
            samples=len(self.values),
            spread=(min(self.values) / max(other.values), max(self.values) / min(other.values)),
        )


def _busy(loads: Sequence[Load]) -> str:
    share = statistics.median(load.utilisation for load in loads)
    return f"server core {share * 100:.0f} % busy"


def _latency(ours: Contestant, loader: Loader, most: float, sizes: Sizes) -> Iterator[Row]:
    """At half load, from the instant each question was due."""
    load = _half_load(ours, loader, most, sizes)
    latency, late_ms = load.outcome.latency, load.outcome.lateness.percentile_ms(99)
    sent = f"{load.outcome.intended:,} due, {load.outcome.answered:,} answered"
    beside = f"{most / 2:,.0f}/s, {sent}; the generator itself was late by {late_ms:.2f} ms at p99"
    for percent in (50, 90, 99, 99.9):
        goal = 5.0 if percent == 99 else None
        yield Row(
            what=f"  p{percent:g} at half load, Poisson",
            value=latency.percentile_ms(percent),
            unit="ms",
            at_most=goal,
            samples=latency.total,
            beside=beside if percent == 99 else "",
        )
    yield Row(what="  longest at half load", value=latency.highest_ns / 1e6, unit="ms", samples=latency.total)


def _half_load(each: Contestant, loader: Loader, most: float, sizes: Sizes) -> Load:
    return loader.open(
        each.server,
        each.question,
        each.middles,
        seconds=sizes.seconds * 3,
        arrivals="poisson",
        per_s=most / 2,
    )


def _machine_latency(empty: Contestant, loader: Loader, most: float, sizes: Sizes) -> Row:
    """What of that is the machine's, the web server's and the load generator's own."""
    load = _half_load(empty, loader, most, sizes)
    return Row(
        what="  p99 of an empty granian handler at that rate",
        value=load.outcome.latency.percentile_ms(99),
        unit="ms",
        samples=load.outcome.latency.total,
    )


def _market(ours: Contestant, loader: Loader, most: float, sizes: Sizes) -> Row:
    """The highest rate that is held: nearly all answered in their time."""
    tried = []
    for per_s in (MARKET_PER_S, *(most * part for part in PARTS if most * part < MARKET_PER_S)):
        load = loader.open(
            ours.server, ours.question, ours.middles, seconds=sizes.seconds, arrivals="constant", per_s=per_s
        )
        p99_ms = load.outcome.latency.percentile_ms(99)
        tried.append(f"{per_s:,.0f}/s: p99 {p99_ms:,.1f} ms")
        if load.outcome.answered >= HOLDS * load.outcome.intended and p99_ms <= HOLDS_MS:
            break
    else:
        per_s = 0.0
    return Row(
        what="market figure held on one core",
        value=per_s,
        unit="/s",
        at_least=MARKET_PER_S,
        samples=load.outcome.intended,
        beside="; ".join(tried),
    )


@dataclass(frozen=True, kw_only=True)
class _Facts:
    """What memory was asked for, at one moment."""

    hits: float
    misses: float
    cells: float

    @classmethod
    def of(cls, place: Place) -> "_Facts":
        read = "consent_check_cells_read_total"
        return cls(
            hits=place.figure(read, found="hit"),
            misses=place.figure(read, found="miss"),
            cells=place.figure("consent_check_cells"),
        )

    def share_of_misses(self, before: "_Facts") -> float:
        """Of the facts that were asked for since `before`."""
        misses, hits = self.misses - before.misses, self.hits - before.hits
        return misses / max(1.0, misses + hits)


def _inline_receipt(place: Place) -> str:
    """A real receipt of the question that everybody is asked."""
    with Asker(place) as asker:
        told = asker.check(performer=place.seed.reference(0), receipt="inline")
    if told["decision"] != "allow":
        raise RuntimeError(f"expected a seeded performer to allow, got {told['reasons']}")
    return str(told["receipt"])
