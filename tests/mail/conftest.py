"""A registry's world with a mailbox of its own; the world's clock stands still, the outbox has the database's."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.registry.conftest import log_ports, state_folder, waits, world

__all__ = ["log_ports", "state_folder", "waits", "world"]

if TYPE_CHECKING:
    from tests.mail.post import Post
    from tests.registry.world import World


@pytest.fixture
def post(world: "World", tmp_path: Path) -> "Iterator[Post]":
    """The world's mail, delivered into a folder."""
    from tests.mail.post import Post

    yield Post(world=world, folder=tmp_path / "mail")
