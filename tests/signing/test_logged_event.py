"""An event counts as logged only in the registry's own log, on its side, at its place, under its salt."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from signing.encoding import b64u
from signing.errors import MalformedError, SignatureError, SigningError, UntrustedError
from signing.logged_event import LoggedEvent, VerifiedEvent, read_logged, verify_logged, write_logged
from signing.tlog_policy import Policy, PolicyLog
from signing.trust import Trust
from tests.signing.log_samples import INDEX, event, log_signer, logged, origin, policy, salt
from tests.signing.samples import trust

SAID = event("grant.signed", {"grant": "g"})


def verify(value: LoggedEvent, **changes: Any) -> VerifiedEvent:
    """Verify on the live side with the trust file only."""
    options: dict[str, Any] = {
        "trust": trust(),
        "policy": None,
        "expected_kind": "grant.signed",
        "expected_livemode": True,
    }
    return verify_logged(value, **(options | changes))


def test_an_event_is_found_at_its_place_and_says_who_vouches() -> None:
    found = verify(logged(SAID))
    assert (found.seq, found.body, found.kind) == (INDEX, {"grant": "g"}, "grant.signed")
    assert not found.quorum and found.witnesses == []
    asked = verify(logged(SAID), policy=policy())
    assert asked.quorum and asked.witnesses == ["witness.example"]


def test_it_reads_back() -> None:
    value = write_logged(logged(SAID))
    assert write_logged(read_logged(value)) == value
    for name, bad in (("salt", b64u(bytes(31))), ("event", []), ("tlog_proof", "x" * 70_000)):
        with pytest.raises(MalformedError) as caught:
            read_logged(value | {name: bad}, "/proof")
        assert caught.value.pointer == f"/proof/{name}"


def test_a_policy_whose_witnesses_have_not_cosigned_refuses() -> None:
    with pytest.raises(UntrustedError, match="quorum"):
        verify(logged(SAID, witnessed=False), policy=policy())
    assert verify(logged(SAID, witnessed=False)).seq == INDEX


def test_a_policy_that_also_knows_other_logs_lets_none_of_them_speak_for_this_registry() -> None:
    other = log_signer(name="other.example/log/live", seed=777)
    known = Policy(logs=(PolicyLog(key=other.verifier),), witnesses=(), groups=(), quorum="none")
    with pytest.raises(UntrustedError, match="expected of registry"):
        verify(logged(SAID, by=other), policy=known)


def test_a_key_that_retired_still_verifies_its_log() -> None:
    keys = tuple(replace(each, not_after=each.not_before.replace(year=2027)) for each in trust().keys)
    verify(logged(SAID), trust=Trust(issuers=trust().issuers, keys=keys))


def test_a_log_goes_on_under_its_next_origin_after_a_declared_loss() -> None:
    verify(logged(SAID, by=log_signer(name=origin() + "/2")))


Bend = Callable[[], LoggedEvent]


@pytest.mark.parametrize(
    ("bend", "error"),
    [
        (lambda: replace(logged(SAID), salt=salt(1)), SignatureError),
        (lambda: replace(logged(SAID), event=event("grant.signed", {"grant": "h"})), SignatureError),
        (lambda: replace(logged(SAID), event=event("grant.active", {"grant": "g"})), UntrustedError),
        (lambda: logged(event("grant.active", {"grant": "g"})), UntrustedError),
        (lambda: logged(event("grant.signed", {}, livemode=False)), UntrustedError),
        (lambda: logged(event("grant.signed", {}, livemode=False), by=log_signer()), UntrustedError),
        (lambda: logged(SAID, by=log_signer(livemode=False)), UntrustedError),
        (lambda: logged(SAID, by=log_signer(livemode=False, name=origin())), UntrustedError),
        (lambda: logged(SAID, by=log_signer(name="other.example/log/live")), UntrustedError),
        (lambda: logged(SAID, by=log_signer(name=origin() + "/02")), UntrustedError),
        (lambda: logged(SAID, by=log_signer(seed=777)), UntrustedError),
        (lambda: logged(SAID, by=log_signer(seed=101)), UntrustedError),
        (lambda: logged(event("grant.signed", {}, extra=1)), MalformedError),
        (lambda: logged(event("grant.signed", {}, schema="consent-registry/event/v2")), MalformedError),
        (lambda: replace(logged(SAID), tlog_proof="\ud800"), MalformedError),
    ],
    ids=[
        "another salt",
        "another event",
        "another kind said",
        "another kind logged",
        "the other side",
        "the other side's event in this log",
        "the other side's log",
        "the other side's key",
        "another registry's log",
        "another spelling of the origin",
        "a stranger's key",
        "a receipt key",
        "an unknown member",
        "another schema",
        "a lone surrogate",
    ],
)
def test_anything_else_is_refused(bend: Bend, error: type[SigningError]) -> None:
    with pytest.raises(error):
        verify(bend())


def test_a_trust_file_without_a_log_key_is_said_to_have_none() -> None:
    keys = tuple(each for each in trust().keys if each.role != "log")
    with pytest.raises(UntrustedError, match="no live log key"):
        verify(logged(SAID), trust=Trust(issuers=trust().issuers, keys=keys))
