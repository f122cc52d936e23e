"""Whoever asked gets the log's proof of the decision, once it is published; nobody else ever does."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from signing.errors import UntrustedError
from signing.receipt_proof import format_receipt_proof, parse_receipt_proof, verify_receipt_proof
from signing.trust import Trust, TrustedKey
from tests.log.history import connected_to, database_url, file_ports, new_database

if TYPE_CHECKING:
    from tests.api.house import House


@pytest.fixture
def alone(database: str, postgres_server: str, tmp_path: Path) -> "Iterator[House]":
    """The API over a database of its own, on that database's clock: its log can be published whole."""
    from django.core.management import call_command

    from consent.log.start import initialise
    from consent.registry.clock import database_clock
    from tests.api.house import build_house
    from tests.registry.world import Clock

    with new_database(postgres_server) as name, connected_to(database_url(postgres_server, name)):
        call_command("migrate", verbosity=0)
        log = file_ports(tmp_path)
        initialise(log)
        ports = replace(log, boot_clock=lambda: 1000.0, sleep=lambda _seconds: None)
        yield build_house(ports, Clock(now=database_clock()))


def _commit(house: "House") -> None:
    """What the relay does: seal, ship, commit."""
    from consent.check.ledger.committing import _digest, _named
    from consent.check.ledger.shipping import ship
    from consent.registry.clock import database_clock
    from consent.registry.models.ledger import LedgerSegment
    from consent.registry.operations.commit_ledger import commit_ledger

    ports = house.ports.registry.log
    house.ledger.seal(True)
    ship(house.ledger.folder, objects=ports.objects, clock=database_clock)
    rows = LedgerSegment.objects.filter(livemode=True)
    waiting = [_named(row, row.object_sha256 or _digest(row, ports.objects) or "") for row in rows]
    commit_ledger(waiting, livemode=True, ports=ports)


def _publish(house: "House") -> None:
    from consent.log.publishing.publisher import Publisher
    from tests.log.publishing.house import publishing_ports

    ports = publishing_ports(house.ports.registry.log.objects)
    publisher = Publisher(ports, origin="registry.example/log/live", livemode=True)
    try:
        publisher.turn()
    finally:
        publisher.close()


def _trust(house: "House") -> Trust:
    """The issuer and the log's key, no receipt key at all."""
    from tests.log.publishing.house import log_signer
    from tests.registry.world import ALWAYS

    log = TrustedKey(
        key=log_signer().public, role="log", livemode=True, not_before=ALWAYS[0], not_after=ALWAYS[1]
    )
    return replace(house.trust, keys=(log,))


def test_a_decision_is_proven_by_the_log_alone_to_whoever_asked(alone: "House") -> None:
    from tests.api.house import client, granted

    of = granted(alone)
    inline = of.ask(receipt="inline", nonce="n-1").json
    later = of.ask().json
    addresses = [f"/v1/receipts/{each['decision_id']}/proof" for each in (inline, later)]
    assert [of.pipeline("GET", each).status for each in addresses] == [404, 404], "not committed to"
    _commit(alone)
    assert of.pipeline("GET", addresses[0]).status == 404, "not published"
    _publish(alone)
    at = alone.world.clock()
    for asked, address in zip((inline, later), addresses, strict=True):
        answer = of.pipeline("GET", address)
        assert answer.status == 200 and answer.headers["Content-Type"] == "application/json"
        found = verify_receipt_proof(
            answer.data, trust=_trust(alone), at=at, expected_audience=of.pipeline.organization
        )
        assert found.receipt.item.decision_id == asked["decision_id"]
        assert found.receipt.item.decision == asked["decision"] and not found.signed
        assert client(alone)("GET", address).status == 404
    both = alone.trust
    of_inline = parse_receipt_proof(of.pipeline("GET", addresses[0]).data).with_receipt(inline["receipt"])
    found = verify_receipt_proof(
        format_receipt_proof(of_inline), trust=both, at=at, expected_audience=of.pipeline.organization
    )
    assert found.signed and found.receipt.nonce == "n-1"
    exchanged = parse_receipt_proof(of.pipeline("GET", addresses[1]).data).with_receipt(inline["receipt"])
    with pytest.raises(UntrustedError, match="something else"):
        verify_receipt_proof(format_receipt_proof(exchanged), trust=both, at=at, expected_audience=None)


def test_a_key_without_the_scope_gets_no_proof(house: "House") -> None:
    from tests.api.house import client

    pipeline = client(house, scopes=("check",))
    assert pipeline("GET", "/v1/receipts/dec_" + "a" * 26 + "/proof").status == 403
    assert client(house)("GET", "/v1/receipts/dec_" + "a" * 26 + "/proof").status == 404
