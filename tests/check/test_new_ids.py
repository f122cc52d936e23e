"""Ids of requests are of the form of all ids and never come twice, in threads and in forked children."""

import os
import threading

import pytest


def test_ids_have_the_form_of_ids_and_never_come_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    from consent.check.lane import new_ids
    from consent.core.ids import is_id

    monkeypatch.setattr(new_ids, "_LIMIT", 1000)  # so that beginnings are drawn anew within the test
    make = new_ids.RequestIds()
    made: list[list[str]] = [[] for _ in range(4)]

    def draw(mine: list[str]) -> None:
        mine += [make() for _ in range(3000)]

    threads = [threading.Thread(target=draw, args=(each,)) for each in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    every = [one for each in made for one in each]
    assert len(set(every)) == len(every) == 12_000
    assert all(is_id(one, "req") for one in every)


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_has_a_beginning_of_its_own() -> None:
    from consent.check.lane.new_ids import RequestIds

    make = RequestIds()
    make()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, make().encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)
    theirs = os.read(reading, 100).decode()
    os.close(reading)
    assert theirs != make() and theirs[:20] != make()[:20]
