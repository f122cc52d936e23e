"""Fixtures of the change feed's tests."""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.check.changes.house import FeedHouse


@pytest.fixture
def feed_house(check_log_ports: Any) -> "FeedHouse":
    """One node that answers polls, over a world of its own, fed by hand."""
    from tests.check.changes.house import make_feed_house

    return make_feed_house(check_log_ports)
