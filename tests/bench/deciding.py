"""How long `decide` takes, on facts in memory."""

import statistics
import time
from datetime import UTC, datetime

from consent.core.complete import StandingContext, complete
from consent.core.facts import Facts, GrantFacts, SubjectFacts
from consent.core.offers import in_language
from consent.core.policy import decide
from consent.core.states import GrantState
from consent.core.terms import compile_grant
from consent.core.wire.check import CheckRequest
from consent.server.test_actors import terms
from tests.bench.report import Row

AT = datetime(2026, 12, 1, tzinfo=UTC)
REFERENCE = "prf_test_allow"
ORGANIZATION = "org_test_bench"
ROUNDS = 200
CALLS = 100  # of one round: the clock is read once for all of them


def measure() -> list[Row]:
    """Medians of an allow, and of a deny, over rounds of many calls."""
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
            started = time.perf_counter()
            for _ in range(CALLS):
                decide(asked, facts, AT)
            took_us.append((time.perf_counter() - started) / CALLS * 1e6)
        rows.append(Row(what=f"decide, {name}", value=statistics.median(took_us), unit="µs"))
    return rows


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
