"""How long `decide` takes on facts in memory, beside a policy engine in the same process kind."""

import statistics
import time
from datetime import UTC, datetime, timedelta

from consent.core.complete import StandingContext, complete
from consent.core.facts import Facts, GrantFacts, SubjectFacts
from consent.core.instants import format_instant
from consent.core.offers import in_language
from consent.core.policy import decide
from consent.core.states import GrantState
from consent.core.terms import compile_grant
from consent.core.wire.check import CheckRequest
from consent.server.test_actors import terms
from tests.bench.peers import rego
from tests.bench.peers.fetching import regorus_folder
from tests.bench.report import Row, not_measured

AT = datetime(2026, 12, 1, tzinfo=UTC)
REFERENCE = "prf_test_allow"
ORGANIZATION = "org_test_bench"
ROUNDS = 200
CALLS = 100  # of one round: the clock is read once for all of them


def measure(*, why_no_regorus: str) -> list[Row]:
    """Medians of an allow, and of a deny, over rounds of many calls; then the same question to regorus."""
    rows = []
    for name, territory in (("allow", "DE"), ("deny (territory)", "US")):
        request = CheckRequest(
            performer=REFERENCE, use="train.voice", territory=territory, language="de", purpose="audiobook"
        )
        asked = complete(request, StandingContext(), caller=ORGANIZATION)
        facts = _facts()
        assert decide(asked, facts, AT).outcome == name.split()[0]
        took_us = []
        for _ in range(ROUNDS):
            started = time.thread_time_ns()
            for _ in range(CALLS):
                decide(asked, facts, AT)
            took_us.append((time.thread_time_ns() - started) / CALLS / 1000)
        rows.append(
            Row(
                what=f"decide, {name}",
                value=statistics.median(took_us),
                unit="µs CPU",
                samples=ROUNDS * CALLS,
            )
        )
    return [*rows, *_regorus(rows[0].value or 0.0, why_no_regorus)]


def _regorus(ours_us: float, why_not: str) -> list[Row]:
    """A Rego engine written in Rust over the same lines: facts with each question, and facts kept."""
    folder = regorus_folder()
    if folder is None:
        return [not_measured("regorus, allow", why_not)]
    body = in_language(terms.voice(AT), language="en")
    try:
        given, kept = rego.measure_us(folder, body, at=format_instant(AT + timedelta(days=1)))
    except RuntimeError as exc:
        return [not_measured("regorus, allow", str(exc))]
    return [
        Row(what="  regorus, facts given with each question", value=given, unit="µs CPU"),
        Row(
            what="  regorus, facts kept",
            value=kept,
            unit="µs CPU",
            beside=f"decide is {kept / ours_us:.1f} times as fast",
        ),
    ]


def _facts() -> Facts:
    body = in_language(terms.voice(AT), language="en")
    for line in body["lines"]:
        for constraint in line["constraints"]:
            if constraint["kind"] == "territory":
                constraint["allow"] = ["AT", "CH", "DE"]
    grant = GrantFacts(
        grant="grt_test_bench",
        state=GrantState.ACTIVE,
        terms=compile_grant({"schema": "consent-registry/grant/v1", **body}),
        signed_at=AT,
        usage={},
    )
    subject = SubjectFacts(
        reference=REFERENCE,
        known=True,
        grants=(grant,),
        limits=None,
        deceased_at=None,
        prior_record=False,
        ever_signed=True,
    )
    return Facts(
        livemode=False,
        caller=ORGANIZATION,
        licensee=ORGANIZATION,
        capabilities=frozenset(),
        subjects=(subject,),
        persona=None,
        model=None,
        selector_found=True,
    )
