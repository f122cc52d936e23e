"""SIGKILL of everything under checks: each answer that left has its receipt after the ordinary start."""

import threading
import time
from datetime import UTC, datetime

from consent.client.decision import Decision
from consent.client.errors import ConsentError
from consent.server.demo.licensees import AUDIOBOOKS
from tests.integration.performers import desk_of, trust_of
from tests.integration.running import Running

LOAD_S = 2.5  # long enough for a segment to be sealed and shipped, and the next to be open
QUESTION = AUDIOBOOKS.question


def test_every_answer_before_a_kill_has_its_receipt_after_it(own_registry: Running) -> None:
    own_registry.start()
    answered: list[Decision] = []

    def ask() -> None:
        registry = desk_of(own_registry).registry
        while True:
            try:
                answered.append(registry.check(performer="prf_test_nobody", **QUESTION))
            except ConsentError:
                return  # the kill: no answer

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    time.sleep(LOAD_S)
    own_registry.kill()
    for thread in threads:
        thread.join(60)
    assert len(answered) > 10, "hardly anything was answered before the kill"
    left = [each.suffix for each in (own_registry.state / "ledger" / "test").iterdir()]
    assert ".open" in left, "the kill came at a moment when nothing was unsealed"

    own_registry.start()
    trust = trust_of(own_registry)
    for decision in answered:
        receipt = decision.receipt().verify(trust=trust, at=datetime.now(UTC), allow_test=True)
        assert receipt.item.decision_id == decision.decision_id and not receipt.item.allowed
    shipped = own_registry.state / "objects" / "ledger" / "test"
    deadline = time.monotonic() + 20
    while any(
        each.suffix in (".open", ".sealed") for each in (own_registry.state / "ledger" / "test").iterdir()
    ):
        assert time.monotonic() < deadline, "segments were not shipped"
        time.sleep(0.1)
    assert sum(1 for each in shipped.rglob("*") if each.is_file()) >= 2
