"""Keys are replaced while checks go on: nobody meets an error, and every receipt verifies, then and later."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.faults.backup_place import Place, ask, checks_of, empty_place, terms_of_now, verify

OTHER = "the other key secret, of more than thirty-two characters"


@pytest.fixture
def place(database: str, postgres_server: str, tmp_path: Path) -> Iterator[Place]:
    """A prepared registry of the test's own."""
    from consent.server.preparing import prepare

    with empty_place(postgres_server, tmp_path / "data", objects=tmp_path / "objects") as made:
        prepare(made.settings())
        yield made


def _consent(wiring: Any) -> tuple[str, str]:
    """An organization, and the reference of a performer who said yes to it."""
    from tests.registry.world import Clock, World

    world = World(ports=wiring.registry, clock=Clock())
    organization, person = world.organization(), world.person()
    world.grant(organization, person, terms_of_now())
    return organization, world.reference(organization, person)


def _wiring(place: Place) -> Any:
    from consent.server.wiring import make_wiring

    return make_wiring(place.settings())


def test_every_role_rotates_while_checks_go_on(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import connections

    from consent.server.keys import ring as ring_module
    from consent.server.keys.index import read_index
    from consent.server.keys.make import rotate_keys

    monkeypatch.setattr(ring_module, "RELOAD_S", 0.05)
    wiring = _wiring(place)
    organization, reference = _consent(wiring)
    receipts: list[str] = []
    faults: list[Exception] = []
    done = threading.Event()

    def licensee() -> None:
        checks = checks_of(wiring)
        try:
            while not done.is_set():
                answer = ask(checks, organization, reference)
                assert answer.decision == "allow", answer.reasons
                receipts.append(answer.receipt)
        except Exception as exc:  # noqa: BLE001  # whatever it is, the test tells it
            faults.append(exc)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=licensee) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for turn in range(3):
            _wait_for(lambda wanted=20 * (turn + 1): len(receipts) >= wanted or faults)
            rotate_keys(
                place.settings().storage.keys,
                secret=place.settings().secrets.key_secret,
                at=datetime.now(UTC),
                overlap=timedelta(0),
            )
        enough = len(receipts) + 20
        _wait_for(lambda: len(receipts) >= enough or faults)
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert faults == []
    index = read_index(place.settings().storage.keys)
    assert index is not None and len(index.keys) == 4 * 8
    trust = wiring.trust()
    for receipt in receipts:
        verify(receipt, trust)
    later = ask(checks_of(_wiring(place)), organization, reference).receipt
    assert _certifier(later) not in {_certifier(receipt) for receipt in receipts[:20]}
    assert verify(later, trust)


def test_consents_from_before_a_rotation_still_count_and_their_packages_verify(place: Place) -> None:
    from consent.registry.models import Grant
    from consent.registry.operations.read_package import read_package
    from consent.server.keys.make import rotate_keys
    from signing.package import verify_package
    from signing.trust import parse_trust

    wiring = _wiring(place)
    organization, reference = _consent(wiring)
    grant = Grant.objects.get(organization_id=organization).id
    before = read_package(wiring.registry, livemode=True, grant=grant, organization=organization)
    settings = place.settings()
    rotate_keys(
        settings.storage.keys,
        secret=settings.secrets.key_secret,
        at=datetime.now(UTC),
        overlap=timedelta(0),
    )
    after = _wiring(place)
    assert ask(checks_of(after), organization, reference).decision == "allow"
    trust, at = parse_trust(after.trust()), datetime.now(UTC) + timedelta(minutes=1)
    for package in (
        before,
        read_package(after.registry, livemode=True, grant=grant, organization=organization),
    ):
        verify_package(package, trust=trust, at=at)


def test_the_key_secret_is_rotated_in_four_steps_and_every_step_answers(place: Place) -> None:
    from consent.server.commands.keys import _rewrap
    from consent.server.keys.errors import KeysError
    from consent.server.preparing import prepare

    wiring = _wiring(place)
    organization, reference = _consent(wiring)
    first = ask(checks_of(wiring), organization, reference)
    token = wiring.registry.log.tokens
    old = place.secrets["CONSENT_KEY_SECRET"]

    def answers() -> Any:
        now = prepare(place.settings())
        _consent(now)  # writes under new record keys, and opens old ones
        answer = ask(checks_of(now), organization, reference)
        assert answer.decision == "allow" and verify(answer.receipt, now.trust())
        return now

    place.secrets["CONSENT_KEY_SECRET_ALSO"] = OTHER
    answers()
    place.secrets |= {"CONSENT_KEY_SECRET": OTHER, "CONSENT_KEY_SECRET_ALSO": old}
    answers()
    _rewrap(place.settings())
    del place.secrets["CONSENT_KEY_SECRET_ALSO"]
    after = answers()
    position = token.decode(first.position, expected_livemode=True)
    assert after.registry.log.tokens.encode(position) == first.position
    place.secrets["CONSENT_KEY_SECRET"] = old
    with pytest.raises(KeysError, match="CONSENT_KEY_SECRET"):
        _wiring(place)


def test_wrapping_anew_says_what_it_did_and_the_second_time_nothing(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    from consent.server.commands.keys import _rewrap
    from consent.server.keys.errors import KeysError

    with pytest.raises(KeysError, match="CONSENT_KEY_SECRET_ALSO is not set"):
        _rewrap(place.settings())
    old = place.secrets["CONSENT_KEY_SECRET"]
    place.secrets |= {"CONSENT_KEY_SECRET": OTHER, "CONSENT_KEY_SECRET_ALSO": old}
    _rewrap(place.settings())
    assert "8 key files" in capsys.readouterr().out
    _rewrap(place.settings())
    assert "0 key files, 0 record keys" in capsys.readouterr().out


def test_an_ended_key_is_refused_from_its_end_on_and_never_the_last_one(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    from consent.check import process_keys
    from consent.server.keys import ring
    from consent.server.keys.errors import KeysError
    from consent.server.keys.index import read_index
    from consent.server.keys.make import end_key, rotate_keys
    from signing.errors import UntrustedError

    monkeypatch.setattr(process_keys, "LOOK_AGAIN", timedelta(0))
    monkeypatch.setattr(ring, "RELOAD_S", 0.0)
    wiring = _wiring(place)
    organization, reference = _consent(wiring)
    running = checks_of(wiring)
    receipt = ask(running, organization, reference).receipt
    settings, now = place.settings(), datetime.now(UTC)
    folder = settings.storage.keys
    index = read_index(folder)
    assert index is not None
    signing = index.signing("receipt", livemode=True, at=now)
    assert signing is not None
    with pytest.raises(KeysError, match="nothing else signs"):
        end_key(folder, signing.kid, at=now - timedelta(minutes=5), now=now)
    rotate_keys(
        folder,
        secret=settings.secrets.key_secret,
        at=now,
        roles=["receipt"],
        sides=[True],
        overlap=timedelta(0),
    )
    with pytest.raises(KeysError, match="within the key's time"):
        end_key(folder, signing.kid, at=signing.not_after + timedelta(days=1), now=now)
    end_key(folder, signing.kid, at=now - timedelta(minutes=5), now=now)
    after = _wiring(place)
    with pytest.raises(UntrustedError):
        verify(receipt, after.trust())
    for checks in (checks_of(after), running):  # also a process that was not started anew
        assert verify(ask(checks, organization, reference).receipt, after.trust())


def _certifier(receipt: str) -> str:
    """The receipt key that certified the process key of a receipt."""
    from signing import jws
    from signing.encoding import unb64u

    header = unb64u(receipt.split(".", maxsplit=1)[0])
    import json

    certificate: str = json.loads(header)["cert"]
    return jws.read_kid(certificate, max_bytes=4096)


def _wait_for(condition: Any) -> None:
    """Wait until it holds; the run's own time-out ends one that never does."""
    pause = threading.Event()
    while not condition():
        pause.wait(0.01)
