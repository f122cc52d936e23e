"""Who the actors are, and the rule that each of them follows.

| reference | what a check of the broad voice and likeness uses answers |
|---|---|
| `prf_test_allow` | allow |
| `prf_test_deny` | deny `no_active_consent`: known, and never consented |
| `prf_test_suspended` | deny `no_active_consent`: consented, then paused |
| `prf_test_expired` | deny: the consent's term is over |
| `prf_test_out_of_scope` | deny `out_of_scope`: consented to Icelandic dubbing for assistive purposes only |
| `prf_test_revoke_10s` | allow for ten seconds after a grant is signed, then deny `no_active_consent` |

To see `prf_test_revoke_10s` allow and stop once more, send it an offer: it signs within about a second, and
ends what it signed ten seconds later.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from consent.server.test_actors import terms

REVOKE_AFTER = timedelta(seconds=10)
Terms = Callable[[datetime], Mapping[str, Any]]


class Answer(StrEnum):
    """What an actor does with an offer that is sent to it."""

    SIGNS = "signs"
    DECLINES = "declines"
    SIGNS_AND_PAUSES = "signs, then pauses"
    LEAVES = "leaves it unanswered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """One invented performer. `seeded` are the terms of the offers that seeding makes it sign.

    `ends_after` is how long its grants stand; None: until they run out.
    """

    reference: str
    stage_name: str
    answer: Answer
    seeded: tuple[Terms, ...] = ()
    ends_after: timedelta | None = None


ACTORS: tuple[Actor, ...] = (
    Actor(
        reference="prf_test_allow",
        stage_name="Test Allow",
        answer=Answer.SIGNS,
        seeded=(terms.voice, terms.likeness),
    ),
    Actor(reference="prf_test_deny", stage_name="Test Deny", answer=Answer.DECLINES),
    Actor(
        reference="prf_test_suspended",
        stage_name="Test Suspended",
        answer=Answer.SIGNS_AND_PAUSES,
        seeded=(terms.voice,),
    ),
    Actor(
        reference="prf_test_expired",
        stage_name="Test Expired",
        answer=Answer.LEAVES,
        seeded=(terms.voice_for_a_moment,),
    ),
    Actor(
        reference="prf_test_out_of_scope",
        stage_name="Test Out Of Scope",
        answer=Answer.LEAVES,
        seeded=(terms.icelandic_dubbing,),
    ),
    Actor(
        reference="prf_test_revoke_10s",
        stage_name="Test Revoke",
        answer=Answer.SIGNS,
        seeded=(terms.voice,),
        ends_after=REVOKE_AFTER,
    ),
)
