"""What the database keeps of a log: who leads, what was signed, and when it must not be signed."""

import pytest
from django import db

from consent.log.errors import ClockBehindError, OvertakenError, PublicationHaltedError
from tests.log.publishing.house import ORIGIN, House


def test_one_leads_until_it_says_nothing_more(house: House) -> None:
    from consent.log.publishing.leading import lead, leave

    house.publish()
    assert lead(ORIGIN, me="one") and lead(ORIGIN, me="one")
    assert not lead(ORIGIN, me="two")
    with db.connection.cursor() as cursor:
        cursor.execute("UPDATE log_publication SET leader_until = clock_timestamp() - interval '1 ms'")
    assert lead(ORIGIN, me="two")
    leave(ORIGIN, me="one")
    assert not lead(ORIGIN, me="one")
    leave(ORIGIN, me="two")
    assert lead(ORIGIN, me="one")


def test_nothing_is_signed_before_the_last_signature(house: House) -> None:
    house.publish()
    with db.connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO log_signed_root (origin, size, root, note, signed_at)"
            " VALUES (%s, 0, sha256(''), '', clock_timestamp() + interval '1 hour')",
            [ORIGIN],
        )
    house.append(1)
    with pytest.raises(ClockBehindError, match="clock"):
        house.publish()
    assert (house.state().size, house.state().published_size) == (2, 1)


def test_a_size_that_was_signed_with_another_root_halts(house: House) -> None:
    house.publish()
    with db.connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO log_signed_root (origin, size, root, note, signed_at)"
            " VALUES (%s, 2, sha256('other'), '', clock_timestamp())",
            [ORIGIN],
        )
    house.append(1)
    with pytest.raises(PublicationHaltedError, match="was signed at size 2"):
        house.publish()
    assert "was signed at size 2" in house.state().halted


def test_a_root_moves_from_what_was_read_only(house: House) -> None:
    from consent.log.publishing.state import advance, keep_signed

    house.publish()
    before = house.state()
    house.append(2)
    house.publish()
    with pytest.raises(OvertakenError):
        advance(before, size=9, root=bytes(32))
    note = b"a note that came too late"
    assert keep_signed(before, note=note) != note


@pytest.mark.parametrize("origin", ["registry.example", "x/log/other", "x/log/live/0", "x/log/live/2/3", ""])
def test_only_origins_of_logs_have_a_folder(origin: str) -> None:
    from consent.log.publishing.origins import folder_of

    with pytest.raises(ValueError, match="not the origin"):
        folder_of(origin)


def test_a_history_that_was_begun_anew_has_another_origin() -> None:
    from consent.log.publishing.origins import folder_of, origin_of

    assert origin_of("https://a.example:8443", livemode=True) == "a.example:8443/log/live"
    again = origin_of("https://a.example", livemode=False, generation=1)
    assert (again, folder_of(again)) == ("a.example/log/test/2", "log/test/2/")
