"""Grants and revocations a second, through the operations."""

import secrets
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.db import connection

from consent.registry.models import Grant
from consent.registry.operations.draft_offer import draft_offer
from consent.registry.operations.enrol_performer import enrol_performer
from consent.registry.operations.prepare_grant import prepare_grant
from consent.registry.operations.record_identity_check import record_identity_check
from consent.registry.operations.references import introduce_performer
from consent.registry.operations.send_offer import send_offer
from consent.registry.operations.submit_statement import write_statement
from consent.registry.operations.view_offer import view_offer
from consent.registry.ports import RegistryPorts
from consent.server.test_actors import terms
from consent.server.test_actors.statements import about, signed
from signing.private_key import PrivateKey
from tests.bench.report import Row

THREADS = 4
PERFORMERS = 8  # writes about one person come one after another, so several take part
GRANTS = 240  # half of them one after another, half by the threads


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchPerformer:
    """An invented performer that the organization knows, with the key in hand."""

    id: UUID
    reference: str
    key: PrivateKey


def new_performer(ports: RegistryPorts, organization: str) -> BenchPerformer:
    """Enrolled, verified, known to the organization."""
    key = PrivateKey.generate()
    performer = enrol_performer(
        ports,
        livemode=False,
        public_key=key.public,
        kind="ed25519",
        legal_name="Invented Person",
        birth_date=date(1990, 1, 1),
        email="bench@performers.example",
        stage_names=["Bench"],
        label="bench key",
    ).performer
    record_identity_check(
        ports,
        livemode=False,
        performer=performer,
        examiner="Bench (invented)",
        method="document",
        evidence_sha256=secrets.token_hex(32),
        over_18=True,
    )
    reference = introduce_performer(ports, livemode=False, performer=performer, organization=organization)
    return BenchPerformer(id=performer, reference=reference, key=key)


def prepared_envelope(ports: RegistryPorts, who: BenchPerformer, organization: str) -> bytes:
    """A signed envelope of one more grant, not yet handed in."""
    offer = draft_offer(
        ports,
        livemode=False,
        organization=organization,
        terms=terms.voice(ports.clock() - timedelta(seconds=1)),
        performer=who.reference,
    )
    send_offer(ports, livemode=False, organization=organization, offer=offer)
    view_offer(ports, livemode=False, performer=who.id, offer=offer)
    prepared = prepare_grant(
        ports,
        livemode=False,
        performer=who.id,
        offer=offer,
        credential=who.key.public.thumbprint,
        language="en",
    )
    return signed(prepared.body, who.key)


def measure(ports: RegistryPorts, organization: str) -> list[Row]:
    """Sign prepared grants, then end them all."""
    people = [new_performer(ports, organization) for _ in range(PERFORMERS)]
    envelopes = [
        prepared_envelope(ports, people[place % PERFORMERS], organization) for place in range(GRANTS)
    ]

    def write(envelope: bytes) -> object:
        return write_statement(ports, envelope=envelope)

    rows = _rates("grants signed", write, envelopes)
    keys = {who.id: who.key for who in people}
    grants = Grant.objects.filter(performer_id__in=keys, state="active").order_by("id")
    ends = [about(grant, "revocation", key=keys[grant.performer_id], effect="end") for grant in grants]
    return rows + _rates("revocations committed", write, ends)


def _rates(what: str, act: Callable[[bytes], object], items: Sequence[bytes]) -> list[Row]:
    half = len(items) // 2
    alone = _per_s(act, items[:half], threads=1)
    together = _per_s(act, items[half:], threads=THREADS)
    return [
        Row(what=f"{what}, one at a time", value=alone, unit="/s"),
        Row(
            what=f"{what}, {THREADS} threads",
            value=together,
            unit="/s",
            beside=f"x {together / alone:.1f} of one",
        ),
    ]


def _per_s(act: Callable[[bytes], object], items: Sequence[bytes], *, threads: int) -> float:
    with ThreadPoolExecutor(max_workers=threads, initializer=connection.ensure_connection) as pool:
        started = time.perf_counter()
        list(pool.map(act, items))
        return len(items) / (time.perf_counter() - started)
