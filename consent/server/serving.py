"""Web server processes of one port: refused where the port is taken, ended with every answer kept."""

import time
from pathlib import Path
from typing import IO

from consent.server.embedded.errors import StartError
from consent.server.embedded.ports import require_free
from consent.server.metrics import clear_folder

LEAVING_S = 3.0  # so long a former run's workers may take to let go of the port
LOOK_S = 0.1
KILL_S = 10  # a worker that has not drained by then is killed; what it kept is sealed by the relay
THREAD_IDLE_S = (
    600  # a thread keeps its database connection; one that came and went would reconnect each time
)


def serve(
    port: int, *, host: str, workers: int, threads: int, setting: tuple[str, str], data_dir: Path
) -> int:
    """Answer on `host:port` until told to stop; returns the exit status.

    `setting` is where the port was chosen, and what stands before it in the value.

    Raises:
        StartError: somebody else listens there. The kernel would let both, and give each half of the connections.
    """
    require_free_soon(port, host=host, setting=setting)
    from granian import Granian  # noqa: PLC0415  # only processes that serve need it
    from granian.constants import Interfaces  # noqa: PLC0415
    from granian.log import LogLevels  # noqa: PLC0415

    server = Granian(
        "consent.server.web_worker:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=threads,
        blocking_threads_idle_timeout=THREAD_IDLE_S,
        log_level=LogLevels.error,  # its warnings are advice on how many threads to have
        websockets=False,
        workers_kill_timeout=KILL_S,
    )
    with begin_figures(data_dir / "run" / "metrics"):
        server.serve()
    return 0


def require_free_soon(port: int, *, host: str, setting: tuple[str, str]) -> None:
    """As `require_free`, with patience for workers of a former run that are just ending."""
    name, before = setting
    until = time.monotonic() + LEAVING_S
    while True:
        try:
            require_free(port, host=host, setting=name, before=before)
        except StartError:
            if time.monotonic() >= until:
                raise
            time.sleep(LOOK_S)
        else:
            return


def begin_figures(folder: Path) -> IO[bytes]:
    """Forget the figures of ended processes, unless another server of this folder runs: its sums must not fall.

    Whoever holds what is returned is such a server; the kernel lets go of it when the process ends.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    held = (folder / "servers.lock").open("ab")
    try:
        import fcntl  # noqa: PLC0415  # exists on POSIX only
    except ImportError:
        clear_folder(folder)
        return held
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pass
    else:
        clear_folder(folder)
    fcntl.flock(held, fcntl.LOCK_SH)
    return held
