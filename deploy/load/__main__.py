"""`python -m deploy.load`: checks at a fixed rate against a registry of your own, with latencies that count from when
each question was due. The API key stands in CONSENT_API_KEY. README.md beside this file says more."""

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from .arrivals import KINDS
from .driving import Outcome
from .questions import NEGATIVES, check_question, zipf_draws
from .worker import Spec, run

PERCENTILES = (50, 90, 99, 99.9)
DRAWS = 500_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Load as asked; 0 if every question was answered with 200 and the p99 kept within `--p99-ms`, else 1."""
    options = _options(arguments)
    key = os.environ.get("CONSENT_API_KEY", "")
    if not key:
        sys.stderr.write("load: CONSENT_API_KEY is empty: set it to a key of the side that you ask about\n")
        return 2
    address = urlsplit(options.url)
    if address.scheme not in ("http", "https") or not address.hostname:
        sys.stderr.write(f"load: expected an address such as http://localhost:8000, got {options.url!r}\n")
        return 2
    try:
        performers, negatives = _names(options.performers), _names(options.negatives)
    except (OSError, UnicodeDecodeError) as exc:
        sys.stderr.write(f"load: expected a file of performer references, one a line: {exc}\n")
        return 2
    if not performers or len({len(each) for each in (*performers, *negatives)}) != 1:
        sys.stderr.write("load: expected files of performer references, one a line, all of one length\n")
        return 2
    members = dict(each.partition("=")[::2] for each in options.set)
    question = check_question(members, width=len(performers[0]), host=address.netloc, key=key)
    with tempfile.TemporaryDirectory() as folder:
        middles = Path(folder) / "middles.txt"
        drawn = zipf_draws(performers, negatives, count=DRAWS, share=options.negative_share)
        middles.write_text("\n".join(drawn), encoding="ascii")
        spec = Spec(
            host=address.hostname,
            port=address.port or (443 if address.scheme == "https" else 80),
            tls=address.scheme == "https",
            connections=options.connections,
            head=question.head.decode("latin-1"),
            tail=question.tail.decode("latin-1"),
            width=question.width,
            allow=question.allow.decode("latin-1"),
            middles=str(middles),
            seconds=options.seconds,
            warm_up_s=options.warm_up,
            arrivals=options.arrivals if options.rate else "",
            per_s=options.rate,
        )
        outcome = run(spec)
    sys.stdout.write(describe(outcome, rate=options.rate))
    p99_ms = outcome.latency.percentile_ms(99)
    kept = not options.p99_ms or p99_ms <= options.p99_ms
    return int(bool(outcome.failures) or outcome.unanswered > 0 or not kept)


def describe(outcome: Outcome, *, rate: float) -> str:
    """The outcome in lines for people."""
    lines = [f"{outcome.answered:,} answered in {outcome.seconds:.1f} s: {outcome.per_s:,.0f}/s"]
    if rate:
        lines[0] += f", of {outcome.intended:,} that were due at {rate:,.0f}/s"
    if outcome.answered:
        lines.append(f"{outcome.allowed / outcome.answered * 100:.1f} % of them allowed")
    origin = (
        "since each question was due" if rate else "since each question was sent (closed loop: no promise)"
    )
    lines += [f"p{each:g}  {outcome.latency.percentile_ms(each):,.2f} ms" for each in PERCENTILES]
    lines.append(f"longest {outcome.latency.highest_ns / 1e6:,.2f} ms, {origin}")
    if rate:
        late_ms = outcome.lateness.percentile_ms(99)
        lines.append(
            f"this generator was itself late by {late_ms:.2f} ms at p99, which the latencies include"
        )
    lines += [f"{count:,} answered {status}" for status, count in outcome.failures.most_common()]
    if outcome.unanswered:
        lines.append(f"{outcome.unanswered:,} not answered at all; they count with the time they waited")
    return "\n".join(lines) + "\n"


def _names(path: Path | None) -> list[str]:
    return path.read_text("utf-8").split() if path else []


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m deploy.load", description=__doc__)
    parser.add_argument("--url", default=os.environ.get("CONSENT_URL", "http://localhost:8000"))
    parser.add_argument(
        "--performers", type=Path, required=True, help="references, one a line, the most popular first"
    )
    parser.add_argument("--negatives", type=Path, help="references that are to be denied, one a line")
    parser.add_argument("--negative-share", type=float, default=NEGATIVES)
    parser.add_argument(
        "--set", action="append", default=[], metavar="MEMBER=VALUE", help="e.g. use=train.voice"
    )
    parser.add_argument(
        "--rate", type=float, default=0.0, help="questions a second; without it: as many as possible"
    )
    parser.add_argument("--arrivals", choices=KINDS, default="poisson")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--warm-up", type=float, default=5.0, help="seconds that are not counted")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--p99-ms", type=float, default=0.0, help="exit with 1 if the p99 is above this")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    raise SystemExit(main())
