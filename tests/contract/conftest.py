"""The stores of the contract, each started once for a file of tests."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest

from consent.log.objects import ObjectStore
from consent.log.storage_file import FileObjectStore
from tests.contract import servers

KINDS = ["file", *servers.KINDS]
CONDITIONAL = ["file", "seaweedfs"]  # what honours a condition also while somebody else writes


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], ObjectStore]]:
    """Each store by its kind, started when it is first asked for."""
    with ExitStack() as stack:

        @cache
        def store_of(kind: str) -> ObjectStore:
            folder: Path = tmp_path_factory.mktemp(kind)
            if kind == "file":
                return FileObjectStore(folder)
            if servers.program(kind) is None:
                pytest.skip(f"{kind} is not installed")
            return servers.s3_store(stack.enter_context(getattr(servers, kind)(folder)))

        yield store_of


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, stores: Callable[[str], ObjectStore]) -> ObjectStore:
    """Every store in turn."""
    return stores(request.param)


@pytest.fixture(params=CONDITIONAL)
def conditional(request: pytest.FixtureRequest, stores: Callable[[str], ObjectStore]) -> ObjectStore:
    """Every store whose conditions hold also in a race."""
    return stores(request.param)
