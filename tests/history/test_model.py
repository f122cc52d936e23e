"""The protocol as it is written keeps its promise in every order of steps; each wrong variant breaks it."""

import pytest

from tests.history.model import Wrong, search


def test_no_order_of_steps_leads_to_a_stale_allow() -> None:
    states, stale = search()
    assert not stale
    assert states > 5_000  # it really searched


@pytest.mark.parametrize("wrong", [each for each in Wrong if each is not Wrong.NOTHING])
def test_the_search_finds_what_is_wrong_with_each_variant(wrong: Wrong) -> None:
    assert search(wrong)[1]
