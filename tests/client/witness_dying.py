"""Run as a program: a witness that answers one request and is killed at its n-th step, 0 for never.

A step is whatever reaches outside the process or makes a signature: open, fsync, rename, sign, and the answer itself.
"""

import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from consent.client.witness.cosigning import Cosigner
from consent.client.witness.record import Record
from signing.keys import PrivateKey
from tests.client.log_folder import SIGNER

NAME = "w.example/dying"


def main(folder: str, request: str, last_step: int) -> None:
    """Answer the request in the file, on standard output as `status body`."""
    steps = 0

    def counted(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            nonlocal steps
            steps += 1
            if steps == last_step:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*args, **kwargs)

        return call

    body = Path(request).read_bytes()
    for name in ("open", "fsync", "replace", "rename", "unlink", "mkdir"):
        setattr(os, name, counted(getattr(os, name)))
    PrivateKey.sign = counted(PrivateKey.sign)  # type: ignore[method-assign]
    cosigner = Cosigner(
        name=NAME,
        key=PrivateKey(bytes(range(1, 33))),
        logs={SIGNER.name: [SIGNER.verifier]},
        record=Record(Path(folder)),
        now=lambda: datetime.fromtimestamp(1_700_000_000, UTC),
    )
    answer = cosigner.add_checkpoint(body)
    counted(os.write)(1, f"{answer.status} ".encode() + answer.body)
    counted(os.getpid)()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
