"""One web process of a history run: `python -m tests.history.node PORT`, right or wrong as HISTORY_WRONG says."""

import sys

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels


def main() -> int:
    """Serve until killed."""
    Granian(
        "tests.history.worker:application",
        address="127.0.0.1",
        port=int(sys.argv[1]),
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=8,
        blocking_threads_idle_timeout=600,
        log_level=LogLevels.error,
        websockets=False,
    ).serve()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
