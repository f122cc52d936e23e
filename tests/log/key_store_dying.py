"""A process that is killed at one step of its work on a folder of keys: `python -m tests.log.key_store_dying …`.

The step is counted in calls that touch the disk; `os._exit` there leaves what SIGKILL would leave, for nothing that
cleans up gets to run. It exits with 0 once the work has fewer steps than that.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

DIED = 9
OLD, NEW = b"wrapped under the old secret", b"wrapped under the new secret"
_CALLS = ("open", "fsync", "link", "replace", "unlink")


def die_before(step: int) -> None:
    """End this process before the call of that number, counted from 1."""
    done = 0

    def counting(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **named: Any) -> Any:
            nonlocal done
            done += 1
            if done == step:
                os._exit(DIED)
            return real(*args, **named)

        return call

    for name in _CALLS:
        setattr(os, name, counting(getattr(os, name)))


def main(folder: str, work: str, record: str, step: str) -> None:
    """Do one thing to one record of the store in `folder`, until that step."""
    from consent.log.keystore_file import FileKeyStore

    store = FileKeyStore(Path(folder))
    die_before(int(step))
    match work:
        case "create":
            store.create(record, OLD)
        case "rewrap":
            store.rewrap(record, old=OLD, new=NEW)
        case "destroy":
            store.destroy(record)


if __name__ == "__main__":
    main(*sys.argv[1:])
