"""The state machine: every pair of state and event, and the arithmetic around it."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.core.states import (
    ENDED,
    OFFER_ENDED,
    TABLE,
    GrantEvent,
    GrantState,
    Guards,
    TransitionError,
    activation_due,
    confirmable_from,
    holders_after,
    licensee_view,
    next_state,
)
from tests.core.case_files import AT, SIGNED_AT

OPEN = Guards(at=AT, due_at=AT, ends_at=AT, holders=frozenset({"performer"}), holder="performer")

# DESIGN §6 and law page §B.6, written out once more.
EXPECTED = {
    "draft": {"send": "offered", "withdraw": "withdrawn"},
    "offered": {
        "view": "viewed", "request_changes": "changes_requested", "decline": "declined", "withdraw": "withdrawn",
    },
    "viewed": {
        "view": "viewed", "request_changes": "changes_requested", "decline": "declined", "withdraw": "withdrawn",
        "sign": "signed",
    },
    "changes_requested": {}, "declined": {}, "withdrawn": {},
    "signed": {
        "activate": "active", "rescind": "rescinded", "revoke": "revoked", "expire": "expired", "void": "voided",
    },
    "active": {
        "suspend": "suspended", "revoke": "revoked", "expire": "expired", "supersede": "superseded", "void": "voided",
    },
    "suspended": {
        "suspend": "suspended", "resume": "active", "revoke": "revoked", "expire": "expired",
        "supersede": "superseded", "void": "voided",
    },
    "revoked": {"void": "voided"}, "expired": {"void": "voided"}, "superseded": {"void": "voided"},
    "rescinded": {"void": "voided"}, "voided": {},
}  # fmt: skip


@pytest.mark.parametrize("state", GrantState)
@pytest.mark.parametrize("event", GrantEvent)
def test_an_event_leads_where_the_design_says_or_nowhere(state: GrantState, event: GrantEvent) -> None:
    expected = EXPECTED[state].get(event)
    if expected is None:
        with pytest.raises(TransitionError):
            next_state(state, event, OPEN)
    else:
        assert next_state(state, event, OPEN) == expected


def test_every_event_is_in_the_table_and_no_end_leads_back() -> None:
    assert set(TABLE) == set(GrantEvent)
    for sources, target in TABLE.values():
        if sources & (ENDED | OFFER_ENDED):
            assert target is GrantState.VOIDED


@pytest.mark.parametrize("event", [GrantEvent.SUSPEND, GrantEvent.RESUME])
def test_a_hold_without_a_holder_is_refused(event: GrantEvent) -> None:
    with pytest.raises(TransitionError):
        holders_after(event, Guards(at=AT))


def test_a_licensee_sees_active_paused_or_ended() -> None:
    seen = {state: licensee_view(state) for state in GrantState if state not in OFFER_ENDED}
    assert {seen[state] for state in ENDED} == {"ended"}
    assert (seen[GrantState.ACTIVE], seen[GrantState.SUSPENDED]) == ("active", "paused")


HOURS = st.integers(0, 400).map(lambda hours: timedelta(hours=hours))


@given(HOURS, st.none() | HOURS, st.none() | HOURS, st.booleans())
def test_an_adult_grant_is_never_active_before_what_the_ruling_asks(
    review: timedelta, confirmed: timedelta | None, approved: timedelta | None, unrepresented: bool
) -> None:
    """DECIDING 20, said the other way round: what must hold of any instant that is given."""
    due = activation_due(
        adult=True,
        signed_at=SIGNED_AT,
        first_shown_at=SIGNED_AT - review,
        confirmed_at=None if confirmed is None else SIGNED_AT + confirmed,
        approved_at=None if approved is None else SIGNED_AT + approved,
        unrepresented=unrepresented,
    )
    wait = timedelta(hours=24 if unrepresented else 12)
    if confirmed is None or confirmed < wait:
        assert due is None
        return
    assert due is not None
    assert due >= SIGNED_AT + confirmed
    reviewed = review >= timedelta(hours=72)
    approved_by_then = approved is not None and SIGNED_AT + approved <= due
    week_over = due >= SIGNED_AT + timedelta(days=7)
    assert reviewed or approved_by_then or week_over
    # And no later than it must be: one of them has just become true, or the confirmation has.
    just_now = {SIGNED_AT + confirmed, SIGNED_AT + timedelta(days=7)}
    assert due in just_now | ({SIGNED_AT + approved} if approved is not None else set())


def test_what_replaces_work_in_person_without_counsel_is_confirmed_a_day_later() -> None:
    earliest = confirmable_from(signed_at=SIGNED_AT, adult=False, unrepresented=True)
    assert earliest == SIGNED_AT + timedelta(hours=24)
    given_at = {"signed_at": SIGNED_AT, "first_shown_at": SIGNED_AT, "adult": False, "unrepresented": True}
    assert activation_due(**given_at) is None
    assert activation_due(**given_at, confirmed_at=earliest - timedelta(seconds=1)) is None
    assert activation_due(**given_at, confirmed_at=earliest) == earliest
