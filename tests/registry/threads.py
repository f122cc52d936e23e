"""Real threads on real connections, released at once."""

import threading
from collections.abc import Callable, Sequence
from typing import Any


def race(*calls: Callable[[], Any]) -> Sequence[Any]:
    """Run the calls at the same moment; each result, or the exception it ended with, in order."""
    from django.db import connection

    barrier = threading.Barrier(len(calls))
    results: list[Any] = [None] * len(calls)

    def run(place: int) -> None:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=20)
            results[place] = calls[place]()
        except Exception as exc:  # noqa: BLE001 - the outcome under test
            results[place] = exc
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in threads), (
        "a call hangs: two transactions wait for each other"
    )
    return results


def split(results: Sequence[Any]) -> tuple[list[Any], list[Exception]]:
    """What succeeded, and what was raised."""
    raised = [each for each in results if isinstance(each, Exception)]
    return [each for each in results if not isinstance(each, Exception)], raised
