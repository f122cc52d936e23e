"""Publishing: what is committed becomes a log that a stranger can read."""

from datetime import timedelta

import pytest
from django import db

from consent.log.errors import PublicationHaltedError
from tests.log.publishing.house import ORIGIN, House
from tests.log.publishing.reading import read_log

FOLDER = "log/test/"


def _entries() -> list[bytes]:
    with db.connection.cursor() as cursor:
        cursor.execute("SELECT entry FROM log_event WHERE livemode = false ORDER BY seq")
        return [bytes(entry) for (entry,) in cursor.fetchall()]


def test_every_published_size_can_be_read_and_verified(house: House) -> None:
    publisher = house.publisher()
    for count in (0, 3, 1, 251, 1, 300, 0, 5000):
        if count:
            house.append(count)
        publisher.turn()
        checkpoint, entries = read_log(house.objects, folder=FOLDER, key=house.vkey)
        assert entries == _entries()
        assert checkpoint.origin == ORIGIN
        state = house.state()
        assert (state.size, state.root, state.published_size) == (
            checkpoint.size,
            checkpoint.root,
            checkpoint.size,
        )
        assert state.published_note == house.objects.get(f"{FOLDER}checkpoint")
    publisher.close()


def test_a_publisher_that_starts_anew_goes_on(house: House) -> None:
    for count in (10, 246, 1, 700):
        house.append(count)
        assert house.publish() >= count
        read_log(house.objects, folder=FOLDER, key=house.vkey)
    assert house.publish() == 0


def test_partial_tiles_go_when_the_full_one_was_published_long_ago(house: House) -> None:
    publisher = house.publisher()
    for _ in range(4):
        house.append(100)
        publisher.turn()
    before = [key for key in house.objects.keys(FOLDER) if ".p/" in key]
    assert publisher.tidy() == 0
    assert publisher.tidy(timedelta(0)) > 0
    assert publisher.tidy(timedelta(0)) == 0
    left = [key for key in house.objects.keys(FOLDER) if ".p/" in key]
    assert left == [key for key in before if "/001.p/" in key or "tile/1/" in key]
    read_log(house.objects, folder=FOLDER, key=house.vkey)
    publisher.close()
    house.append(1)
    house.publish()
    read_log(house.objects, folder=FOLDER, key=house.vkey)


def test_an_older_checkpoint_put_over_the_newest_is_put_right(house: House) -> None:
    house.publish()
    older = house.objects.get(f"{FOLDER}checkpoint")
    house.append(5)
    house.publish()
    newest = house.objects.get(f"{FOLDER}checkpoint")
    house.objects.put(f"{FOLDER}checkpoint", older, immutable=False)
    house.publish()
    assert house.objects.get(f"{FOLDER}checkpoint") == newest


def test_lost_objects_are_made_again_from_the_entries(house: House) -> None:
    house.append(600)
    house.publish()
    for key in list(house.objects.keys(FOLDER)):
        house.objects.delete(key)
    house.append(1)
    house.publish()
    read_log(house.objects, folder=FOLDER, key=house.vkey)


@pytest.mark.parametrize("path", ["tile/0/002.p/89", "tile/1/000.p/2", "tile/0/001", "tile/entries/002.p/89"])
def test_a_flipped_bit_at_the_edge_halts_with_words_until_it_is_mended(house: House, path: str) -> None:
    house.append(600)
    house.publish()
    key = FOLDER + path
    right = house.objects.get(key)
    house.objects.put(key, bytes([right[0] ^ 1]) + right[1:], immutable=False)
    with pytest.raises(PublicationHaltedError, match="other bytes"):
        house.publish()
    assert path in house.state().halted
    house.objects.put(key, right, immutable=False)
    house.append(1)
    assert house.publish() == 1
    assert house.state().halted == ""


@pytest.mark.parametrize("junk", [b"", b"junk", b"a\n1\n\n\xe2\x80\x94 a b\n"])
def test_a_checkpoint_that_is_none_halts(house: House, junk: bytes) -> None:
    house.publish()
    house.objects.put(f"{FOLDER}checkpoint", junk, immutable=False)
    with pytest.raises(PublicationHaltedError, match="no checkpoint"):
        house.publish()


def test_a_log_keeps_its_origin(house: House) -> None:
    from consent.log.publishing.publisher import Publisher
    from tests.log.publishing.house import publishing_ports

    house.publish()
    other = Publisher(publishing_ports(house.objects), origin="other.example/log/test", livemode=False)
    with pytest.raises(PublicationHaltedError, match="CONSENT_ORIGIN"):
        other.turn()
    other.close()


def test_the_database_refuses_to_go_back_or_to_sign_twice(house: House) -> None:
    house.append(3)
    house.publish()
    for sql in (
        "UPDATE log_publication SET size = size - 1",
        "UPDATE log_publication SET root = sha256('other')",
        "UPDATE log_publication SET published_size = 0",
        "UPDATE log_publication SET origin = 'other'",
        "DELETE FROM log_publication",
        "TRUNCATE log_publication",
        "UPDATE log_signed_root SET root = sha256('other')",
        "DELETE FROM log_signed_root",
        "INSERT INTO log_signed_root (origin, size, root, note, signed_at)"
        " SELECT origin, size, sha256('other'), note, signed_at FROM log_signed_root",
    ):
        with pytest.raises(db.IntegrityError), db.connection.cursor() as cursor:
            cursor.execute(sql)


def test_who_reads_the_state_before_and_the_store_after_another_one_published_goes_on(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two publishers at once: the store is ahead of what was read, which is no changed entry."""
    from consent.log.publishing import publisher as module

    house.append(5)
    house.publish()
    late, read = house.publisher(), module.read_state
    house.append(300)

    def read_and_wait(origin: str) -> object:
        monkeypatch.setattr(module, "read_state", read)
        state = read(origin)
        assert house.publish() == 300  # another one, meanwhile
        return state

    monkeypatch.setattr(module, "read_state", read_and_wait)
    try:
        assert late.turn() == 0
        assert house.state().halted == ""
        house.append(1)
        assert late.turn() == 1
    finally:
        late.close()
