"""Every page that lists or shows consents, with ten thousand of one performer and of one organization."""

import statistics
import time
import urllib.request
from collections.abc import Iterator

from consent.registry.models import Grant, Offer
from consent.registry.operations.submit_statement import write_statement
from consent.registry.ports import RegistryPorts
from consent.server.demo.stage import Stage
from tests.bench.many_consents import copy_consents
from tests.bench.report import Row
from tests.bench.transactions import BenchPerformer, new_performer, prepared_envelope

CONSENTS = 10_000
ROUNDS = 21
GOAL_MS = 100
GOAL_BYTES = 100_000


def measure(stage: Stage, organization: str) -> list[Row]:
    """The median answer of each page, as one visitor gets it: alone, over a connection of its own."""
    who = new_performer(stage.ports, organization)
    write_statement(stage.ports, envelope=prepared_envelope(stage.ports, who, organization))
    grant = Grant.objects.get(performer_id=who.id)
    copy_consents(grant.id, CONSENTS)
    open_offer = _one_more_request(stage.ports, who, organization)
    rows = []
    for path, cookie in _pages(stage.ports, who, organization, grant, open_offer):
        took, size = _answer(stage.url + path, cookie)
        rows.append(
            Row(
                what=f"page {_route(path)}, {CONSENTS} consents",
                value=took,
                unit="ms",
                at_most=GOAL_MS,
                binding=True,
                samples=ROUNDS,
                beside=f"{size / 1000:.0f} kB",
            )
        )
        assert size < GOAL_BYTES, (
            f"{path} has {size} bytes with {CONSENTS} consents, expected under {GOAL_BYTES}"
        )
    return rows


def _one_more_request(ports: RegistryPorts, who: BenchPerformer, organization: str) -> str:
    prepared_envelope(ports, who, organization)
    return str(Offer.objects.filter(performer_id=who.id, state="viewed").latest("created_at").id)


def _pages(
    ports: RegistryPorts, who: BenchPerformer, organization: str, grant: Grant, offer: str
) -> Iterator[tuple[str, str]]:
    mine = _performer_session(ports, who)
    for path in (
        "/home", "/consents", f"/consents/{grant.id}", f"/consents/{grant.id}/end", f"/requests/{offer}", "/keys",
    ):  # fmt: skip
        yield path, mine
    theirs = _member_session(ports, organization)
    for path in ("", "/offers", "/consents", f"/consents/{grant.id}", "/keys", "/console", "/audit"):
        yield f"/org/test{path}", theirs


def _performer_session(ports: RegistryPorts, who: BenchPerformer) -> str:
    from consent.web.sessions import SessionStore
    from consent.web.who import sign_in_performer

    store = SessionStore()
    sign_in_performer(
        store, performer=who.id, livemode=False, credential=who.key.public.thumbprint, at=ports.clock()
    )
    return _kept(store)


def _member_session(ports: RegistryPorts, organization: str) -> str:
    from consent.registry.operations.members import add_member
    from consent.web.sessions import SessionStore
    from consent.web.who import sign_in_member

    member = add_member(
        ports,
        livemode=False,
        organization=organization,
        role="owner",
        display_name="Bench",
        email="bench@members.example",
    )
    store = SessionStore()
    sign_in_member(store, member=member, at=ports.clock())
    return _kept(store)


def _kept(store: object) -> str:
    store.save()
    return f"consent_session={store.session_key}"


def _answer(url: str, cookie: str) -> tuple[float, int]:
    """Median milliseconds and the size of the page. A page that moves on elsewhere is a fault of the bench."""
    request = urllib.request.Request(url, headers={"Cookie": cookie})
    took = []
    size = 0
    for _ in range(ROUNDS):
        started = time.perf_counter()
        with urllib.request.urlopen(request, timeout=30) as answer:
            size = len(answer.read())
            assert answer.url == url, f"{url} went on to {answer.url}"
        took.append((time.perf_counter() - started) * 1000)
    return statistics.median(took), size


def _route(path: str) -> str:
    return "/".join("…" if part.startswith(("grt_", "off_")) else part for part in path.split("/"))
